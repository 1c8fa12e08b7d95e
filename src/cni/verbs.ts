/** The verbs as use cases, and which request goes to which. */
import { type EndpointLocks, endpointLocks } from './per-endpoint-lock.js';
import type { AddRequest, CheckRequest, CniRequest, DelRequest, GcRequest, StatusRequest } from './request.js';
import type { Result } from './result.js';
import { encodeResult } from './result-encode.js';
import { VERSIONS } from './version.js';

/** What CNI can ask of us. All throw CniError for what a runtime should hear in so many words. */
export interface Verbs {
  /** Attaches. When the signal comes the runtime has left: undo everything, then throw. */
  add(request: AddRequest, signal: AbortSignal): Promise<Result>;
  /** Detaches, and succeeds when there is nothing (left) to detach. Not called off: what is gone stays gone. */
  del(request: DelRequest): Promise<void>;
  check(request: CheckRequest, signal: AbortSignal): Promise<void>;
  status(request: StatusRequest, signal: AbortSignal): Promise<void>;
  gc(request: GcRequest, signal: AbortSignal): Promise<void>;
}

/** Answers one request with the document to print, or nothing. The signal comes when the forwarder has left. */
export type Handle = (request: CniRequest, signal: AbortSignal) => Promise<object | undefined>;

/** The handler of all verbs. Those that concern one endpoint never overlap. */
export function handleWith(verbs: Verbs, locks: EndpointLocks = endpointLocks()): Handle {
  return async (request, signal) => {
    switch (request.verb) {
      case 'ADD': {
        using _held = await locks.hold(request, signal);
        return encodeResult(await verbs.add(request, signal), request.conf.cniVersion);
      }
      case 'DEL': {
        using _held = await locks.hold(request);
        await verbs.del(request);
        return undefined;
      }
      case 'CHECK': {
        using _held = await locks.hold(request, signal);
        await verbs.check(request, signal);
        return undefined;
      }
      case 'STATUS':
        await verbs.status(request, signal);
        return undefined;
      case 'GC':
        await verbs.gc(request, signal);
        return undefined;
      case 'VERSION':
        return { cniVersion: request.cniVersion, supportedVersions: VERSIONS };
    }
  };
}
