import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { fileError } from '@triterm/core/config';
import { errnoName, TermError } from '@triterm/core/errors';
import { parseServerUrl } from './server-url.ts';

/** A server that a person has given a name. */
export interface Context {
  readonly url: string;
  readonly token: string | undefined;
  /** Absolute path of a file (PEM) with the authorities to trust; undefined for those of Node.js. */
  readonly caFile: string | undefined;
}

export interface Contexts {
  /** The one that is used when none is named; undefined for the daemon of this machine. */
  readonly current: string | undefined;
  readonly byName: ReadonlyMap<string, Context>;
}

/** The word for the daemon of this machine, which no context can have. */
export const LOCAL_HOST = 'local';

const NO_CONTEXTS: Contexts = { current: undefined, byName: new Map() };
const MAX_BYTES = 1024 * 1024;

/**
 * The contexts that are kept; none when there is no file. Throws UNSAFE_PATH for a file that others can read or that is not ours,
 * since it holds tokens, and BAD_CONFIG for one that is damaged.
 */
export function readContexts(file: string): Contexts {
  const text = readPrivate(file);
  return text === undefined ? NO_CONTEXTS : parseContexts(text, file);
}

function readPrivate(file: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT' || errnoName(thrown) === 'ENOTDIR') return undefined;
    throw fileError(thrown, `Cannot read ${file}`);
  }
  try {
    const { mode, uid, size } = fstatSync(fd);
    if ((mode & 0o077) !== 0)
      throw new TermError('UNSAFE_PATH', `${file} holds tokens, and others can read or change it.`, {
        hint: `Close it to them: chmod 600 '${file}'`,
      });
    if (uid !== (process.geteuid?.() ?? uid))
      throw new TermError('UNSAFE_PATH', `${file} belongs to another user (uid ${uid}).`);
    if (size > MAX_BYTES) throw damaged(file, `is larger than ${MAX_BYTES} bytes`);
    return readFileSync(fd, 'utf8');
  } catch (thrown) {
    throw fileError(thrown, `Cannot read ${file}`);
  } finally {
    closeSync(fd);
  }
}

/** Pure. What is unknown is left out, so that a later release may keep more. */
export function parseContexts(text: string, file: string): Contexts {
  const { current, contexts } = members(parseJson(text, file), file, 'the whole');
  const named = Object.entries(members(contexts ?? {}, file, 'contexts'));
  return {
    current: optionalText(current, file, 'current'),
    byName: new Map(named.map(([name, value]) => [name, parseContext(value, file, `contexts.${name}`)])),
  };
}

function parseContext(value: unknown, file: string, where: string): Context {
  const { url, token, ca } = members(value, file, where);
  return {
    url: parseServerUrl(optionalText(url, file, `${where}.url`) ?? '', `${file}: ${where}.url`),
    token: optionalText(token, file, `${where}.token`),
    caFile: optionalText(ca, file, `${where}.ca`),
  };
}

/** The text of the file. */
export function formatContexts({ current, byName }: Contexts): string {
  const contexts = Object.fromEntries(
    [...byName].map(([name, { url, token, caFile }]) => [name, { url, token, ca: caFile }]),
  );
  return `${JSON.stringify({ current, contexts }, null, 2)}\n`;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser quotes what stands around the fault, which may be a token.
    throw damaged(file, 'is not JSON');
  }
}

function members(value: unknown, file: string, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw damaged(file, `${where} is not an object`);
  return { ...value };
}

function optionalText(value: unknown, file: string, where: string): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw damaged(file, `${where} is not a string`);
  return value;
}

function damaged(file: string, what: string): TermError {
  return new TermError('BAD_CONFIG', `${file}: ${what}.`, {
    hint: 'Correct the file, or remove it and make its contexts again with `triterm context add`.',
  });
}
