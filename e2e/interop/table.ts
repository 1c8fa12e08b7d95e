/** The interop table: what was tried with each daemon and how it went, printed by the run and kept in docs/interop.md. */

/** What is tried with each daemon, in the words of the table, each with the promise that its test keeps. */
export const FEATURES = {
  eBGP: 'both sessions are established, and our AS is the path',
  IPv4: 'it hears a container with our address as next hop, and our kernel routes what it originates',
  IPv6: 'it hears a container with our address as next hop, and our kernel routes what it originates',
  'targets kept': 'the other node hears the container through it with its target',
  'GR: our gobgpd is killed': 'it tells nobody that a route has gone',
  'GR: it is killed itself': 'our kernel keeps its routes until it is back',
  LLGR: 'when our gobgpd stays away, it keeps the container as a long-lived stale path, and drops it when that time is over',
  ECMP: 'the other node spreads what it sends to the container over it and all others',
  iBGP: 'it hears a container with an empty path, and our kernel routes what it originates',
  '4-byte AS': 'it shows the AS of ours, and the other node that of its own',
  MD5: 'every segment of its sessions is signed',
  GTSM: 'every message of its sessions has a TTL of 255, from both sides',
  'RFC 8950': 'both families go over one session of link-local addresses, with next hops of IPv6',
  drain: 'it hears no container of a drained node',
  'max-prefix': 'when it says more than it may, its session ends and it is told why; its other one stays',
} as const;
export type Feature = keyof typeof FEATURES;

/** How a cell went: `-` where there is no test, for a reason. */
export type Result = 'works' | 'FAILS' | '-';

/** A column of the table. */
export interface Column {
  /** The name and the version that the daemon itself says. */
  readonly title: string;
  /** Of each test that ran. */
  readonly results: ReadonlyMap<Feature, Result>;
  /** Why there is no test, in the words of the daemon's documentation where it has some. */
  readonly reasons: Readonly<Partial<Record<Feature, string>>>;
}

/** The table in Markdown, and below it every reason. */
export function interopTable(columns: readonly Column[]): string {
  const features = Object.keys(FEATURES) as Feature[];
  const cell = (feature: Feature, { results }: Column) => results.get(feature) ?? 'not run';
  const rows = [
    ['', ...columns.map(({ title }) => title)],
    ...features.map((feature) => [feature, ...columns.map((column) => cell(feature, column))]),
  ];
  const reasons = columns.flatMap(({ title, reasons }) =>
    features.flatMap((feature) => (reasons[feature] ? [`- ${title}, ${feature}: ${reasons[feature]}`] : [])),
  );
  return [...markdown(rows), '', ...reasons].join('\n');
}

function markdown(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[], filler = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, filler)).join(' | ')} |`;
  const [head, ...body] = rows;
  const rule = widths.map(() => '');
  return [line(head!), line(rule, '-'), ...body.map((row) => line(row))];
}
