import { expect } from 'chai';
import { parseEndpoint, printEndpoint } from '../disk/record-format.js';
import { address } from '../model/address.js';
import type { Endpoint } from '../model/endpoint.js';
import { rehearse } from './rehearsal.js';

describe('the rehearsal of an ADD', () => {
  const gateways = { v4: address('169.254.1.1'), v6: address('fe80::1') };

  it('plays an endpoint that every step of a real ADD would take', () => {
    const played: Endpoint[] = [];
    rehearse(gateways, (endpoint) => played.push(parseEndpoint(printEndpoint(endpoint))));
    expect(new Set(played.map(({ containerId }) => containerId))).to.deep.equal(new Set(['rehearsal']));
  });

  it('hides nothing that is broken', () => {
    const broken = () => {
      throw new Error('cannot print');
    };
    expect(() => rehearse(gateways, broken)).to.throw('cannot print');
  });
});
