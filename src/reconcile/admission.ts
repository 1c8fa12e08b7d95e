/** Who gets the places that quotas leave: asked in each pass for its prefixes, and anew when limits change. */
import { applicants, importVerdicts } from '../decide/routes.js';
import type { Prefix } from '../model/address.js';
import type { PeerKey, Speaker } from '../model/peer.js';
import { Quotas } from './quotas.js';
import type { World } from './world.js';

/** Gives these prefixes their places, where places are limited. Those for whom one has become free are touched. */
export function admit(world: World, prefixes: readonly Prefix[]): void {
  const { quotas } = world;
  if (!quotas.areSet) return;
  for (const prefix of prefixes) {
    const known = world.known(prefix);
    // A route whose path has not been repeated yet after a restart keeps its place.
    if (known.paths.length > 0 || world.complete(prefix).paths) quotas.admit(prefix, applicants(known, world.networks));
  }
  for (const prefix of quotas.next()) world.touch(prefix);
}

/** Other limits: what is installed keeps its place. */
export function renewQuotas(world: World, speaker: Speaker): void {
  const renewed = new Quotas(world.networks, speaker, world.quotas);
  if (renewed.areSet) for (const { prefix, table, peer } of places(world)) renewed.keep(prefix, table, peer);
  world.quotas = renewed;
}

/** Every heard route that is installed now, and whose path it follows. */
function* places(world: World): Generator<{ prefix: Prefix; table: number; peer: PeerKey }> {
  for (const prefix of world.prefixes()) {
    const { paths, endpoint } = world.known(prefix);
    const routes = world.routes(prefix);
    for (const candidate of paths) {
      for (const { table, verdict } of importVerdicts(candidate, world.networks, endpoint)) {
        const isInstalled = verdict === 'imported' && routes.some((route) => route.table === table);
        if (isInstalled) yield { prefix, table, peer: candidate.path.peer };
      }
    }
  }
}
