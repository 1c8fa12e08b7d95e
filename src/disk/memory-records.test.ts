import { memoryRecords } from './memory-records.js';
import { recordsContract } from './records.contract.js';

recordsContract('in memory', () => {
  const records = memoryRecords();
  return {
    records,
    breakMedium: () => (records.broken = true),
    mendMedium: () => (records.broken = false),
    close: () => {},
  };
});
