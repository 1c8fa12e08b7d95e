/** Is there anybody? The smallest question to a gobgpd, for whoever watches over it. */
import { status } from '@grpc/grpc-js';
import { api3 } from './api-3.js';
import { api4 } from './api-4.js';
import { openClient, statusOf, unary } from './call.js';
import type { Codec } from './codec.js';

/** Does something answer gRPC there in time? Its answer does not matter: also a refusal is a sign of life. */
export async function isAlive(api: string, milliseconds: number): Promise<boolean> {
  const client = openClient(api);
  try {
    const answers = (codec: Codec) => unary(client, codec.getBgp, null, milliseconds).then(() => status.OK, statusOf);
    let code = await answers(api3());
    // That the service is unknown is gRPC's answer; whether gobgpd itself hangs, only its own service tells.
    if (code === status.UNIMPLEMENTED) code = await answers(api4());
    return code !== undefined && code !== status.UNAVAILABLE && code !== status.DEADLINE_EXCEEDED;
  } finally {
    client.close();
  }
}
