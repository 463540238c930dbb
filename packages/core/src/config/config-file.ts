import { readFileSync } from 'node:fs';
import { errnoName, TermError } from '../errors/index.ts';

/** A configuration is a few hundred bytes; anything of this size is not one. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** The settings of the configuration file as they stand there; none when there is no file. Throws BAD_CONFIG. */
export function readConfigFile(path: string): Record<string, unknown> {
  const text = readConfigText(path);
  return text === undefined ? {} : parseConfigText(text, path);
}

/** Undefined when there is no file. Throws BAD_CONFIG. */
export function readConfigText(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length <= MAX_CONFIG_BYTES) return text;
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT' || errnoName(thrown) === 'ENOTDIR') return undefined;
    throw badFile(path, 'cannot be read', thrown);
  }
  throw badFile(path, `is larger than ${MAX_CONFIG_BYTES} bytes`, undefined);
}

/** Pure; `path` is for messages. Throws BAD_CONFIG. */
export function parseConfigText(text: string, path: string): Record<string, unknown> {
  let settings: unknown;
  try {
    settings = JSON.parse(text);
  } catch (thrown) {
    // The parser quotes what stands around the fault, which may be a password.
    const fault =
      thrown instanceof Error ? /^[^"]*? in JSON at position \d+/.exec(thrown.message)?.[0] : undefined;
    throw badFile(path, fault === undefined ? 'is not JSON' : `is not JSON: ${fault}`, undefined);
  }
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
    throw badFile(path, 'is not a JSON object', undefined);
  return settings as Record<string, unknown>;
}

/** The variable that overrides a setting: `maxSessions` is `TRITERM_MAX_SESSIONS`. */
export function environmentName(setting: string): string {
  return `TRITERM_${setting.replaceAll(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`;
}

/** BAD_CONFIG that names where a setting came from, which one it is and what is wrong. */
export function badSetting(source: string, setting: string, reason: string): TermError {
  return new TermError('BAD_CONFIG', `${source}: ${setting}: ${reason}`, {
    details: { source, setting, reason },
  });
}

function badFile(path: string, what: string, thrown: unknown): TermError {
  const reason = thrown instanceof Error ? `${what}: ${thrown.message}` : what;
  return new TermError('BAD_CONFIG', `${path} ${reason}`, {
    cause: thrown,
    details: { source: path, reason },
  });
}
