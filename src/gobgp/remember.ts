/**
 * What was read before is not read again. A hundred thousand paths have a handful of next hops, AS paths and sets of targets
 * between them: each is taken apart once, and all who have it share one object.
 */

/** A peer may say something else with every path: then nothing is won, and nothing is kept. */
const MOST = 4096;

/** Remembers the answers of a pure function by a text that tells its arguments apart. What it throws is not remembered. */
export function rememberText<In, Out>(textOf: (value: In) => string, read: (value: In) => Out): (value: In) => Out {
  const answers = new Map<string, Out>();
  return (value) => {
    const text = textOf(value);
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = read(value);
    if (answers.size >= MOST) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}

/** The same by the argument's identity, for as long as that lives. */
export function rememberObject<In extends object, Out>(read: (value: In) => Out): (value: In) => Out {
  const answers = new WeakMap<In, { readonly answer: Out }>();
  return (value) => {
    let known = answers.get(value);
    if (!known) answers.set(value, (known = { answer: read(value) }));
    return known.answer;
  };
}
