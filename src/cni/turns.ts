/** At most so many at a time, the others in the order they came. */

export interface Turns {
  /** Nobody has a turn and nobody waits for one. */
  readonly idle: boolean;
  /** Waits for a turn; dispose it to pass it on. Rejects with the signal's reason when that comes first. */
  take(signal?: AbortSignal): Promise<Disposable>;
}

/** `limit` turns. */
export function turns(limit: number): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;
  // A turn is handed to the first who waits without becoming free in between: a newcomer cannot take it.
  const passOn = () => {
    const next = waiting.shift();
    if (next) next();
    else taken--;
  };
  return {
    get idle() {
      return taken === 0;
    },
    async take(signal) {
      signal?.throwIfAborted();
      if (taken < limit) taken++;
      else await inLine(waiting, signal);
      return once(passOn);
    },
  };
}

function inLine(waiting: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const called = () => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    const leave = () => {
      waiting.splice(waiting.indexOf(called), 1);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
    waiting.push(called);
  });
}

function once(release: () => void): Disposable {
  let held = true;
  return {
    [Symbol.dispose]() {
      if (held) release();
      held = false;
    },
  };
}
