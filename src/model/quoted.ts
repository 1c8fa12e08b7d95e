/** Text from outside in a message of ours: it may be anything, so it must not be endless, break a line or move a cursor. */

const LONGEST = 64;

/** In quotation marks, cut, its control characters escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);
}

/** On one line: each control character is a question mark. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  return text.replace(/[\u0000-\u001f\u007f]/g, '?');
}
