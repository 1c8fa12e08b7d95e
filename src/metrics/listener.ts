/**
 * Metrics over TCP, where the configuration says so. Read only, plain HTTP, one path. A port that cannot be had is told once
 * and tried again: the containers' network does not depend on who watches it.
 *
 * A socket belongs to the network namespace in which it was made. Ours is made by the main thread, which is in another one
 * only within a single synchronous stretch (netlink/namespace.ts), so it is always the host's.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../ports.js';

/** Where to listen. */
export interface Listen {
  readonly address: string;
  readonly port: number;
}

export interface ListenerParts {
  readonly text: () => Promise<string>;
  readonly clock: Clock;
  /** Hears once of each place why it cannot be had. */
  readonly failed: (reason: string) => void;
}

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** In ms. */
const TRY_AGAIN_AFTER = 10_000;
/** Whoever asks more often gets what the last one got: nobody can keep the controller busy by asking. */
const FRESH_FOR = 500;
const CONNECTIONS = 32;

export class MetricsListener implements Disposable {
  readonly #parts: ListenerParts;
  #wanted: Listen | undefined;
  #server: Server | undefined;
  #callOff = () => {};
  #last: { readonly at: number; readonly text: Promise<string> } | undefined;
  /** Why the wanted place cannot be had; undefined while it is had, or none is wanted. */
  trouble: string | undefined;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  /** Listens there and nowhere else; resolves when it does, or when it has told why it cannot. */
  async turnTo(wanted: Listen | undefined): Promise<void> {
    if (this.#server && wanted && place(wanted) === place(this.#wanted)) return;
    this.close();
    this.#wanted = wanted;
    if (wanted) await this.#open(wanted);
  }

  /** Where it listens, or undefined while it does not. */
  get place(): string | undefined {
    return this.#server && place(this.#wanted);
  }

  close(): void {
    this.#callOff();
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
    this.#wanted = undefined;
    this.trouble = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #open(wanted: Listen): Promise<void> {
    const server = createServer((request, response) => this.#answer(request.method, request.url, response));
    server.maxConnections = CONNECTIONS;
    try {
      await listening(server, wanted);
    } catch (error) {
      if (this.#wanted !== wanted) return;
      const isNew = this.trouble === undefined;
      this.trouble = sentence(wanted, error as NodeJS.ErrnoException);
      if (isNew) this.#parts.failed(this.trouble);
      this.#callOff = this.#parts.clock.after(TRY_AGAIN_AFTER, () => void this.#open(wanted));
      return;
    }
    // Meanwhile another place may have been asked for.
    if (this.#wanted !== wanted) return void server.close();
    this.#server = server;
    this.trouble = undefined;
  }

  #answer(method = '', url = '', response: ServerResponse): void {
    const path = url.split('?', 1)[0];
    if (path !== '/metrics') end(response, 404, 'metrics are under /metrics\n');
    else if (method !== 'GET' && method !== 'HEAD') end(response, 405, 'only GET is answered\n');
    else
      this.#fresh().then(
        (text) => end(response, 200, text),
        (error: Error) => end(response, 500, `${error.message}\n`),
      );
  }

  #fresh(): Promise<string> {
    const now = this.#parts.clock.now();
    if (!this.#last || now - this.#last.at >= FRESH_FOR) this.#last = { at: now, text: this.#parts.text() };
    return this.#last.text;
  }
}

function end(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': CONTENT_TYPE }).end(body);
}

function listening(server: Server, { address, port }: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Not IPv4 as well, when the wildcard of IPv6 was named: what is written is where we listen.
    server.listen({ host: address, port, ipv6Only: true }, () => {
      server.off('error', reject).on('error', () => {});
      resolve();
    });
  });
}

/** As the configuration writes it. */
export function place(listen: Listen | undefined): string {
  if (!listen) return 'nowhere';
  const { address, port } = listen;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

const WHY: Record<string, string> = {
  EADDRINUSE: 'somebody else has this port',
  EADDRNOTAVAIL: 'this node does not have this address',
  EACCES: 'this port needs CAP_NET_BIND_SERVICE',
};

function sentence(wanted: Listen, { code = '', message }: NodeJS.ErrnoException): string {
  return (
    `metrics are not served on ${place(wanted)}: ${WHY[code] ?? message} (${code}); tried again every ` +
    `${TRY_AGAIN_AFTER / 1000} s; to have them elsewhere, change metrics.listen and reload`
  );
}
