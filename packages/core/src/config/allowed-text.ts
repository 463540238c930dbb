import type * as z from 'zod';

/** What the schema says of a number that has no bound of its own. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** What a value may be by its schema, for a person: `a whole number from 1 to 5`. Texts mark code by backticks. */
export function allowedText(schema: z.core.JSONSchema._JSONSchema): string {
  if (typeof schema === 'boolean') return 'anything';
  const { type, enum: choices, anyOf } = schema;
  if (choices !== undefined) return oneOf(choices.map(choice => `\`${String(choice)}\``));
  if (anyOf !== undefined) return oneOf(anyOf.map(allowedText));
  if (type === 'null') return '`null`';
  if (type === 'integer') return wholeNumberText(schema);
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'array') return 'a list of strings';
  return stringText(schema);
}

/** The words among what a value may be by its schema, as text; not its numbers and free texts. */
export function allowedWords(schema: z.core.JSONSchema._JSONSchema): readonly string[] {
  if (typeof schema === 'boolean') return [];
  const { type, enum: choices, anyOf } = schema;
  if (choices !== undefined) return choices.map(String);
  if (anyOf !== undefined) return anyOf.flatMap(allowedWords);
  if (type === 'null') return ['null'];
  return type === 'boolean' ? ['true', 'false'] : [];
}

function wholeNumberText({ minimum, maximum }: z.core.JSONSchema.JSONSchema): string {
  const least = minimum === undefined || minimum <= -UNBOUNDED ? '' : ` from ${minimum}`;
  const most = maximum === undefined || maximum >= UNBOUNDED ? '' : ` to ${maximum}`;
  return `a whole number${least}${most}`;
}

function stringText({ minLength = 0, maxLength }: z.core.JSONSchema.JSONSchema): string {
  const some = minLength === 0 ? 'a string' : 'a string that is not empty';
  return maxLength === undefined ? some : `${some} of at most ${maxLength} characters`;
}

/** `a`, `a or b`, `a, b or c`. */
function oneOf(texts: readonly string[]): string {
  return [texts.slice(0, -1).join(', '), ...texts.slice(-1)].filter(text => text !== '').join(' or ');
}
