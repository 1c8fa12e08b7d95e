/**
 * A signal that comes after a time, or with another signal. Dispose it when nobody waits any more.
 *
 * `AbortSignal.timeout` and `AbortSignal.any` need no disposal, because they leave it to V8: their timers and weak references
 * stay until everything is looked through, and a hundred ADDs at once leave hundreds.
 */
export function deadline(milliseconds: number, other?: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, milliseconds).unref();
  if (other?.aborted) end();
  else other?.addEventListener('abort', end, { once: true });
  return {
    signal: over.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      other?.removeEventListener('abort', end);
    },
  };
}
