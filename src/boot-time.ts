/**
 * CLOCK_BOOTTIME, which Node does not have: its hrtime is CLOCK_MONOTONIC, which lags by the time the node slept. The
 * forwarder names its tombstones by this clock, so that both can be compared (plugin/PROTOCOL.md).
 */
import koffi from 'koffi';

/** time.h, linux/time.h */
const CLOCK_BOOTTIME = 7;

const clockGettime = koffi.load(null).func('int clock_gettime(int clock, void *time)');

/** Nanoseconds since boot, sleep included. */
export function bootTime(): bigint {
  const time = Buffer.alloc(16); // struct timespec of 64-bit Linux: seconds s64, nanoseconds s64
  if (clockGettime(CLOCK_BOOTTIME, time) !== 0) throw new Error('the kernel has no CLOCK_BOOTTIME (Linux 2.6.39 has)');
  return time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8);
}
