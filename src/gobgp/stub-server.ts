/** For tests: a gRPC server on a unix socket that answers as a gobgpd would that behaves in a certain way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';

/** Handlers by method name; what is not among them answers UNIMPLEMENTED. Messages are bytes. */
export type Handlers = Readonly<Record<string, { readonly stream?: true; readonly handle: UntypedHandleCall }>>;

/** A running stub. */
export interface Stub extends AsyncDisposable {
  readonly api: string;
}

/** Serves `service` with these handlers, until disposed. */
export async function serveStub(service: string, handlers: Handlers): Promise<Stub> {
  const directory = await mkdtemp(join(tmpdir(), 's32-gobgp-'));
  const api = `unix://${directory}/api.sock`;
  const server = new Server();
  const same = (bytes: Buffer) => bytes;
  const methods = Object.entries(handlers).map(([name, { stream }]) => [
    name,
    {
      path: `/${service}/${name}`,
      requestStream: stream === true,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  ]);
  const implementation = Object.entries(handlers).map(([name, { handle }]) => [name, handle]);
  server.addService(Object.fromEntries(methods), Object.fromEntries(implementation));
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(api, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()));
  });
  return {
    api,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
