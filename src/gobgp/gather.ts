/**
 * Many small things in a row, handed on together. The first after a rest goes at once; what comes within a few milliseconds
 * after it waits for more. Much at once is handed on as it comes.
 *
 * What follows from a change (a pass, a message to the kernel) costs nearly as much for one as for several.
 */

/** Milliseconds from one handing on to the next. */
const BETWEEN = 5;
/** So many are not kept waiting. */
const MANY = 256;

/** Gathers for `hand`, until the signal: what was not handed on by then never is. */
export function gatherer<T>(hand: (items: readonly T[]) => void, signal: AbortSignal): (items: readonly T[]) => void {
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let handedAt = Number.NEGATIVE_INFINITY;
  const handOn = () => {
    clearTimeout(timer);
    timer = undefined;
    const items = waiting;
    waiting = [];
    handedAt = performance.now();
    hand(items);
  };
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return (items) => {
    if (signal.aborted) return;
    for (const item of items) waiting.push(item);
    const early = handedAt + BETWEEN - performance.now();
    if (early <= 0 || waiting.length >= MANY) handOn();
    else timer ??= setTimeout(handOn, early);
  };
}
