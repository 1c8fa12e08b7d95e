/** How zod is used at this door: our parsers inside a schema, Go's ways to write "no value", one line per failure. */
import { z } from 'zod';

/** A parser that throws RangeError, as a zod transform: its sentence becomes the issue. */
export function checked<In, Out>(parse: (value: In) => Out) {
  return (value: In, context: z.RefinementCtx<In>): Out => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  };
}

/** A value that may be missing, null or "". */
export function orEmpty<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === null || value === '' ? undefined : value), schema.optional()).optional();
}

/** A list that may be missing or null: then it is empty. */
export function list<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
}

/** What is wrong, each with the place where: `mtu: expected ...`. At most three, so that a message stays a message. */
export function issuesOf(error: z.ZodError): string {
  const issues = error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  const more = issues.length > 3 ? `; and ${issues.length - 3} more` : '';
  return issues.slice(0, 3).join('; ') + more;
}
