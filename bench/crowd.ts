/** Endpoints by the thousand on a node that runs slash32, which stay for as long as something is measured. */
import { closeSync } from 'node:fs';
import { mustSucceed } from '../e2e/lab/direct-call.js';
import type { LabNode } from '../e2e/lab/node.js';
import { openUnnamedNamespace } from '../e2e/lab/unnamed-namespace.js';

/** Attaches so many containers. What it returns lets their namespaces go, with all that is in them; no DEL is called. */
export async function gather(node: LabNode, count: number): Promise<() => void> {
  const open: number[] = [];
  const leave = () => {
    for (const fd of open) closeSync(fd);
  };
  try {
    for (let i = 0; i < count; i++) {
      const netns = openUnnamedNamespace();
      open.push(netns);
      await mustSucceed(node.cniSocket, { verb: 'ADD', id: `crowd${i}`, netns, network: 'blue' });
    }
    return leave;
  } catch (error) {
    leave();
    throw error;
  }
}
