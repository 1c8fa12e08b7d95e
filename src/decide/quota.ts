/** What people hear of a limit. */

/** How full a network or a peer is. */
export interface Quota {
  /** `network blue`, `peer tor1`. */
  readonly of: string;
  readonly maxRoutes: number;
  readonly routes: number;
  /** Prefixes that find no place. */
  readonly refused: number;
}

/** One sentence on a limit that refuses something. */
export function quotaSentence({ of, maxRoutes, routes, refused }: Quota): string {
  return (
    `over quota: "maxRoutes" of ${of} is ${maxRoutes}; the ${routes} routes that it has stay, and ${refused} more are ` +
    'refused; find out who announces so many, or raise it'
  );
}
