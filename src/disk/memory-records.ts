import type { Address } from '../model/address.js';
import { type Endpoint, endpointKey } from '../model/endpoint.js';
import type { Records } from '../ports.js';

/** Records without a disk, for tests. While `broken`, every call fails as on a full or read-only disk. */
export interface MemoryRecords extends Records {
  broken: boolean;
}

/** Keeps copies, as a disk does: what a caller changes afterwards was not saved. */
export function memoryRecords(): MemoryRecords {
  const saved = new Map<string, Endpoint>();
  let freed: readonly Address[] = [];
  const unlessBroken = async <T>(work: () => T): Promise<T> => {
    if (records.broken) throw new Error('cannot use the records: no space left on device (ENOSPC)');
    return work();
  };
  const records: MemoryRecords = {
    broken: false,
    all: () => unlessBroken(() => ({ endpoints: structuredClone([...saved.values()]), unreadable: [] })),
    save: (endpoint) => unlessBroken(() => void saved.set(endpointKey(endpoint), structuredClone(endpoint))),
    remove: (id) => unlessBroken(() => void saved.delete(endpointKey(id))),
    freed: () => unlessBroken(() => [...freed]),
    saveFreed: (addresses) => unlessBroken(() => void (freed = [...addresses])),
  };
  return records;
}
