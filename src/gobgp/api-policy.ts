/**
 * Export policy in GoBGP's API. In 4.x the first value of every enum says that nothing was said, so that those of sets and
 * communities are one more; directions, verdicts and route types have the same numbers in both.
 */
import type { WirePolicy, WireSet, WireStatement } from './codec.js';

/** The policy of all that has none of its own, which is all that gobgpd lets us set. */
const GLOBAL = 'global';
const EXPORT = 2;
const VERDICTS = { accept: 1, reject: 2 } as const;
const ROUTE_TYPES = { internal: 1, local: 3 } as const;
const SETS = { neighbour: 1, community: 4 } as const;
const [ANY, INVERT] = [0, 2];
const [ADD, REMOVE] = [0, 1];
const OUT = 1;

/** The messages of a generation. @param shift by how much its enums are higher than those of 3.x */
export function policyMessages(shift: 0 | 1) {
  const match = (name: string, type: number) => ({ name, type: type + shift });
  return {
    set: ({ name, kind, list }: WireSet) => ({ definedSet: { name, list, definedType: SETS[kind] + shift } }),
    setQuestion: ({ name, kind }: Pick<WireSet, 'name' | 'kind'>) => ({ name, definedType: SETS[kind] + shift }),
    policy: ({ name, statements }: WirePolicy) => ({
      policy: { name, statements: statements.map((statement) => statementMessage(statement, match, shift)) },
    }),
    deletion: (name: string) => ({ policy: { name }, all: true }),
    question: () => ({ name: GLOBAL, direction: EXPORT }),
    assignment: (name: string) => ({
      assignment: { name: GLOBAL, direction: EXPORT, policies: [{ name }], defaultAction: VERDICTS.reject },
    }),
    /** To one peer or to every one, without ending its session. */
    again: (address: string | null) => ({ ...(address !== null && { address }), soft: true, direction: OUT + shift }),
  };
}

/** The list of a set. */
export function readSet(reply: { definedSet: { list: string[] } | null }): string[] {
  return reply.definedSet?.list ?? [];
}

/** The names of the policies in force. */
export function readAssignment(reply: { assignment: { policies: { name: string }[] } | null }): string[] {
  return (reply.assignment?.policies ?? []).map(({ name }) => name);
}

function statementMessage(
  statement: WireStatement,
  match: (name: string, type: number) => object,
  shift: 0 | 1,
): object {
  const { name, neighbour, except, without, origin, localPreference, verdict } = statement;
  const { communities, largeCommunities, strip } = statement;
  const change = (list: readonly string[] | undefined, type: number) =>
    list?.length ? { type: type + shift, communities: list } : undefined;
  const standard = change(communities, ADD) ?? change(strip, REMOVE);
  const large = change(largeCommunities, ADD);
  return {
    name,
    conditions: {
      ...(neighbour !== undefined && { neighborSet: match(neighbour, ANY) }),
      ...(except !== undefined && { neighborSet: match(except, INVERT) }),
      ...(statement.with !== undefined && { communitySet: match(statement.with, ANY) }),
      ...(without !== undefined && { communitySet: match(without, INVERT) }),
      ...(origin !== undefined && { routeType: ROUTE_TYPES[origin] }),
    },
    actions: {
      routeAction: verdict === undefined ? 0 : VERDICTS[verdict],
      ...(standard && { community: standard }),
      ...(large && { largeCommunity: large }),
      ...(localPreference !== undefined && { localPref: { value: localPreference } }),
    },
  };
}
