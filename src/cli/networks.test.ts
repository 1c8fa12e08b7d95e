import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { askNetworks, networksText } from './networks.js';

const FILE = `
bgp: { asn: 65001 }
node: { name: node1, routerId: 192.0.2.1 }
networks:
  - { name: blue, import: ["1:1"], export: ["1:1"], table: 1001, allowOverride: { import: ["1:2"] } }
  - { name: red, import: ["1:2", "1:1"], export: ["1:2"], table: 1002 }
netConfNetworks:
  - { name: tenant-*, import: ["9:*"], export: ["9:*"] }
`;

describe('slash32 networks --preview', () => {
  let directory: string;
  const preview = async (text: string) => {
    writeFileSync(join(directory, 'node.yaml'), text);
    return networksText(await askNetworks('/nowhere', join(directory, 'node.yaml')));
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 's32-targets-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('shows who may reach whom under a file that nobody has applied, one-way pairs marked', async () => {
    const text = await preview(FILE);
    expect(text).to.match(/^FROM +TO BLUE +TO RED +TO HOST\nblue +yes +<one-way +/i);
    expect(text).to.match(/^red +one-way> +/m);
  });

  it('says below what CNI configurations and containers may choose besides', async () => {
    const [, below = ''] = (await preview(FILE)).split('may choose besides:\n');
    expect(below.split('\n')).to.eql([
      '  blue may hear red',
      '  red may be heard by blue',
      '  tenant-* may hear tenant-*, and be heard by tenant-*',
    ]);
    expect(await preview(FILE.replace(/netConfNetworks[\s\S]*/, '').replace(/, allowOverride.*/, ' }'))).not.to.include(
      'besides',
    );
  });

  it('says where a file is wrong', async () => {
    const error = await preview(FILE.replace('"9:*"', '"9"')).catch((thrown: Error) => thrown);
    expect((error as Error).message).to.match(/node\.yaml:8:\d+: netConfNetworks\.0\.import\.0: not a pattern/);
  });
});
