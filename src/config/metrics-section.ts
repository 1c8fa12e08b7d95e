/** `metrics:` of the file: where Prometheus may read over TCP. Without it, only root can, on the admin socket. */
import { z } from 'zod';
import { type Address, address } from '../model/address.js';
import { quoted } from '../model/quoted.js';
import { parsed } from './fields.js';

const WILDCARDS = ['0.0.0.0', '::'];

interface Listen {
  readonly address: Address;
  readonly port: number;
}

function listen(text: string): Listen {
  const [, v6, v4 = '', portText = ''] = /^(?:\[([^\]]*)\]|([^:]*)):([1-9]\d{0,4})$/.exec(text) ?? [];
  const port = Number(portText);
  if (port < 1 || port > 65535)
    throw new RangeError(`expected an address and a port, like 127.0.0.1:9432 or [::1]:9432, found ${quoted(text)}`);
  return { address: address(v6 ?? v4), port };
}

export const metricsSection = z
  .strictObject({
    listen: parsed(listen).describe('Address and port, like 127.0.0.1:9432. Whoever can connect can read.'),
    everywhere: z.literal(true).optional().describe('Needed for 0.0.0.0 and [::], and for nothing else.'),
  })
  .refine(({ listen, everywhere }) => everywhere || !WILDCARDS.includes(listen.address), {
    path: ['listen'],
    error: ({ input }) =>
      `${(input as { listen: Listen }).listen.address} is every address of this node, containers' gateways and all, and metrics ` +
      'name its peers, networks and pools: name one address, or add "everywhere: true" if that is meant',
  })
  .refine(({ listen, everywhere }) => !everywhere || WILDCARDS.includes(listen.address), {
    path: ['everywhere'],
    error: '"everywhere" goes with 0.0.0.0 or [::] only: leave it out',
  });
