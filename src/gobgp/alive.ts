/** Is there anybody? The smallest question to a gobgpd, for whoever watches over it. */
import { status } from '@grpc/grpc-js';
import { api3 } from './api-3.js';
import { openClient, statusOf, unary } from './call.js';

/** Does something answer gRPC there in time? Its answer does not matter: also a refusal is a sign of life. */
export async function isAlive(api: string, milliseconds: number): Promise<boolean> {
  const client = openClient(api);
  try {
    await unary(client, api3().getBgp, null, milliseconds);
    return true;
  } catch (error) {
    const code = statusOf(error);
    return code !== undefined && code !== status.UNAVAILABLE && code !== status.DEADLINE_EXCEEDED;
  } finally {
    client.close();
  }
}
