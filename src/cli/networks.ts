/** `slash32 networks`: the matrix of who may reach whom, now or under a file that is only proposed. */
import { cellOf, LEGEND, type NetworksView, networksView, possibleLines } from '../admin/networks-view.js';
import { ask } from './ask.js';
import { table } from './table.js';

/** Of the running configuration, or of the file's. Throws with file:line:column where the file is wrong. */
export async function askNetworks(socket: string, preview: string | undefined): Promise<NetworksView> {
  if (preview === undefined) return ask<NetworksView>(socket, '/networks');
  const { loadConfig } = await import('../config/load.js');
  return networksView((await loadConfig(preview)).networks);
}

/** The matrix with its legend. */
export function networksText(view: NetworksView): string {
  const { names, pairs } = view;
  const rows = names.map((from) => ({
    from,
    ...Object.fromEntries(pairs.filter((pair) => pair.from === from).map((pair) => [`to ${pair.to}`, cellOf(pair)])),
  }));
  return [table(rows, ['from', ...names.map((name) => `to ${name}`)]), '', ...LEGEND, ...possibleLines(view)].join(
    '\n',
  );
}
