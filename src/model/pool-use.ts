/** How many addresses of a pool can be given out at all, have been, and wait before they are again. */
export interface PoolUse {
  readonly size: number;
  readonly used: number;
  readonly resting: number;
}
