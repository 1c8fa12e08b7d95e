/**
 * Numbers of kernel tables. A network's is also the mark of its packets, so it fits the bits of the mark that are ours; and
 * the numbers that nobody chose begin where the kernel's 253 to 255 and small hand-picked ones are far.
 */

/** The largest mark, and so the largest table. */
export const LAST_TABLE = 8191;
/** The first that is given to a network which names none. */
export const FIRST_TABLE = 1000;
/** The last that follows from a hash: those above are free for who moves away from another. */
const LAST_HASHED = 8000;

/** The table for a network that names none, from a hash of 32 bits. */
export function hashedTable(hash: number): number {
  return FIRST_TABLE + (hash % (LAST_HASHED - FIRST_TABLE + 1));
}
