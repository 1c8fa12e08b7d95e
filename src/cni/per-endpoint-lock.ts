/**
 * One verb at a time per endpoint. A runtime that gave an ADD up sends its DEL at once (containerd kills the plugin at
 * its deadline), so the two of one endpoint do meet; those of different endpoints never wait for each other.
 */
import { type EndpointId, endpointKey } from '../model/endpoint.js';
import { type Turns, turns } from './turns.js';

export interface EndpointLocks {
  /** How many endpoints are held or waited for. */
  readonly size: number;
  /** Waits for the endpoint, first come first served. Rejects with the signal's reason when that comes first. */
  hold(id: EndpointId, signal?: AbortSignal): Promise<Disposable>;
}

/** Locks of endpoints that nobody holds yet. */
export function endpointLocks(): EndpointLocks {
  const locks = new Map<string, Turns>();
  return {
    get size() {
      return locks.size;
    },
    async hold(id, signal) {
      signal?.throwIfAborted();
      const key = endpointKey(id);
      const lock = locks.get(key) ?? turns(1);
      locks.set(key, lock);
      const turn = await lock.take(signal);
      return {
        [Symbol.dispose]() {
          turn[Symbol.dispose]();
          if (lock.idle) locks.delete(key);
        },
      };
    },
  };
}
