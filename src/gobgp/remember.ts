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

/** The same by bytes. What was asked last is compared before all others: who speaks says the same of many in a row. */
export function rememberBytes<Out>(read: (bytes: Uint8Array) => Out): (bytes: Uint8Array) => Out {
  const all = rememberText(latin1, read);
  let last: { readonly bytes: Buffer; readonly answer: Out } | undefined;
  return (bytes) => {
    if (last?.bytes.equals(bytes)) return last.answer;
    const answer = all(bytes);
    // A copy: the bytes may be a piece of something far larger.
    last = { bytes: Buffer.from(bytes), answer };
    return answer;
  };
}

/** Bytes as a text of as many characters. protobufjs gives a plain array where there are none. */
export function latin1(bytes: Uint8Array): string {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes)).toString('latin1');
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
