/** Lets the event loop look after everybody else, so that 100,000 routes do not hold up an ADD. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
