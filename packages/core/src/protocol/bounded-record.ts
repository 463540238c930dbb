import type * as z from 'zod';

/** A record with a bound to its members, which JSON Schema can name and zod cannot. */
export function withAtMost<T extends z.ZodRecord>(maxProperties: number, record: T): T {
  const isFew = (members: object) => Object.keys(members).length <= maxProperties;
  return record.refine(isFew, `Too big: expected at most ${maxProperties} members`).meta({ maxProperties });
}
