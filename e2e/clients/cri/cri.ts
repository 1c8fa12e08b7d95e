/** A kubelet reduced to the life of a pod's sandbox: the CRI over gRPC, as containerd serves it. */
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { inRepository } from '../../lab/repository.js';

/** One of the conditions by which a runtime says whether it could start a pod: RuntimeReady, NetworkReady. */
export interface Condition {
  readonly type: string;
  readonly status: boolean;
  readonly message: string;
}

/** Each call rejects with gRPC's ServiceError: `code`, and `details` in the runtime's own words. */
export interface Cri {
  version(): Promise<string>;
  conditions(): Promise<Condition[]>;
  /** Starts a pod and returns the id of its sandbox. The deadline is the kubelet's, in milliseconds. */
  run(name: string, options?: { readonly deadline?: number }): Promise<string>;
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** The addresses that a kubelet would publish; empty when the sandbox is not ready. */
  addresses(id: string): Promise<string[]>;
  /** The ids of all sandboxes, ready or not. */
  list(): Promise<string[]>;
  close(): void;
}

const PROTO = 'e2e/clients/cri/runtime.proto';

/** Connects to a runtime. `cgroup` is the parent of what its pods get. */
export function connectCri(socket: string, cgroup: string): Cri {
  const service = new protobuf.Root().loadSync(inRepository(PROTO)).resolveAll() as protobuf.Root;
  const call = caller(socket, service.lookupService('runtime.v1.RuntimeService'));
  const ofSandbox = (id: string) => ({ podSandboxId: id });
  return {
    version: async () => {
      const { runtimeName, runtimeVersion } = await call('Version', {});
      return `${runtimeName} ${runtimeVersion}`;
    },
    conditions: async () => (await call('Status', {})).status.conditions,
    run: async (name, { deadline } = {}) => {
      const metadata = { name, uid: name, namespace: 'clients', attempt: 0 };
      const config = { metadata, hostname: name, linux: { cgroupParent: cgroup } };
      return (await call('RunPodSandbox', { config }, deadline)).podSandboxId;
    },
    stop: async (id) => void (await call('StopPodSandbox', ofSandbox(id))),
    remove: async (id) => void (await call('RemovePodSandbox', ofSandbox(id))),
    addresses: async (id) => {
      const { network } = (await call('PodSandboxStatus', ofSandbox(id))).status;
      const all = [network?.ip, ...(network?.additionalIps ?? []).map(({ ip }: { ip: string }) => ip)];
      return all.filter(Boolean);
    },
    list: async () => (await call('ListPodSandbox', {})).items.map(({ id }: { id: string }) => id),
    close: () => call.client.close(),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the shape of a reply is that of the proto beside this file
type Call = ((method: string, request: object, deadline?: number) => Promise<any>) & { readonly client: Client };

function caller(socket: string, service: protobuf.Service): Call {
  // A Go server refuses the path of a socket as the name of a host.
  const client = new Client(`unix:${socket}`, credentials.createInsecure(), { 'grpc.default_authority': 'localhost' });
  const call = (method: string, request: object, deadline = 60_000) => {
    const rpc = service.methods[method]!.resolve() as protobuf.Method;
    const [requestType, replyType] = [rpc.resolvedRequestType!, rpc.resolvedResponseType!];
    const encode = (message: object) => Buffer.from(requestType.encode(requestType.fromObject(message)).finish());
    const decode = (bytes: Buffer) => replyType.toObject(replyType.decode(bytes), { defaults: true, arrays: true });
    const path = `/runtime.v1.RuntimeService/${method}`;
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadline };
      client.makeUnaryRequest(path, encode, decode, request, options, (error: ServiceError | null, reply) =>
        error ? reject(error) : resolve(reply),
      );
    });
  };
  return Object.assign(call, { client });
}
