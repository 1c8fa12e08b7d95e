/** docs/metrics.md says of each metric what the registry says. `UPDATE_DOCS=1` writes the table instead of comparing it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { example } from '../config/example-node.js';
import { readExposition } from './exposition.fixture.js';
import { Metrics } from './metrics.js';

const PAGE = new URL('../../../docs/metrics.md', import.meta.url);
const TABLE = /(<!-- metrics -->\n)([\s\S]*?)(<!-- \/metrics -->)/;

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Ours in their order, then Node's. */
async function table(): Promise<string> {
  const { registry } = new Metrics();
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]));
  const rows = registry.getMetricsAsArray().map((metric) => {
    const { labelNames = [] } = metric as unknown as { readonly labelNames?: readonly string[] };
    const labels = labelNames.filter((label) => label !== 'le').map((label) => `\`${label}\``);
    return row(`\`${metric.name}\``, types.get(metric.name) ?? '', labels.join(' '), metric.help);
  });
  return [row('metric', 'type', 'labels', 'meaning'), row('---', '---', '---', '---'), ...rows, ''].join('\n');
}

describe('docs/metrics.md', () => {
  const page = () => readFileSync(PAGE, 'utf8');

  it('has every metric with its type, its labels and its meaning, and none besides', async () => {
    const wanted = await table();
    if (process.env.UPDATE_DOCS)
      writeFileSync(
        PAGE,
        page().replace(TABLE, (_, head, __, end) => head + wanted + end),
      );
    expect(TABLE.exec(page())?.[2]).to.equal(wanted);
  });

  it('shows alerts and a configuration that are what they look like, on metrics that exist', async () => {
    const [config = '', rules = ''] = [...page().matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text]) => text);
    expect(example(`bgp: { asn: 65001, peers: [] }\n${config}`).metrics?.port).to.equal(9432);
    const alerts = parse(rules).groups[0].rules as { alert: string; expr: string }[];
    const known = new Set(readExposition(await new Metrics().text()).keys());
    for (const { alert, expr } of alerts) {
      const [name = 'none'] = /slash32_\w+/.exec(expr) ?? [];
      expect(known.has(name), `${alert} asks for ${name}`).to.equal(true);
    }
    expect(alerts.length).to.be.greaterThan(5);
  });
});
