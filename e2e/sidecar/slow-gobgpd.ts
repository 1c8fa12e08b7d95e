/** Answers as a gobgpd does, in the words of gRPC alone. On SIGUSR2 it computes for some seconds, on SIGHUP it stands still. */
import { Server, ServerCredentials } from '@grpc/grpc-js';

/** More than a third of the hold time, and less than two thirds. */
const MILLISECONDS = 4000;

const api = process.argv[process.argv.indexOf('--api-hosts') + 1]!;
new Server().bindAsync(api, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
process.on('SIGUSR2', () => {
  for (const end = performance.now() + MILLISECONDS; performance.now() < end; );
  process.stdout.write('back\n');
});
process.on('SIGHUP', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, MILLISECONDS));
