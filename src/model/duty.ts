/** Whether this node carries traffic: announced as ever, announced as about to leave (RFC 8326), or not announced. */
export type Duty = 'on' | 'leaving' | 'off';

/** How far a drain is, as it is kept on disk. */
export interface DrainRecord {
  readonly duty: Exclude<Duty, 'on'>;
  /** When traffic is waited for no longer, in milliseconds of Unix time. */
  readonly until: number;
}

/** What a drain came to. */
export interface DrainReport {
  /** Packets went elsewhere in time. Otherwise the rest of them was cut off. */
  readonly moved: boolean;
  readonly seconds: number;
  /** Delivered to containers in the second before, and in the last one. */
  readonly packetsBefore: number;
  readonly packetsAfter: number;
}
