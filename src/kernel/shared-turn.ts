/**
 * One piece of work for all who ask for it in the same turn of the event loop, such as the containers that a runtime ends
 * together. Where it fails it is done for each alone, so that nobody suffers from another's mistake.
 */
import { turn } from './turn.js';

/** @param work that may be repeated */
export function sharedTurn<T>(work: (...items: readonly T[]) => void): (item: T) => Promise<void> {
  let items: T[] = [];
  let together: Promise<boolean> | undefined;
  const begin = async () => {
    await turn();
    const all = items;
    items = [];
    together = undefined;
    return succeeds(() => work(...all));
  };
  return async (item) => {
    items.push(item);
    together ??= begin();
    if (!(await together)) work(item);
  };
}

function succeeds(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
