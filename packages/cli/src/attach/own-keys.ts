import { TermError } from '@triterm/core/errors';
import { parseWatchedKey, type WatchedKey } from './key-forms.ts';

/** The keys that the client takes for itself. */
export interface OwnKeys {
  readonly detach: WatchedKey;
  readonly switch?: WatchedKey;
}

/** Throws BAD_KEY for the option, BAD_CONFIG for a setting. */
export function ownKeys(option: string | undefined, detachSetting: string, switchSetting: string): OwnKeys {
  const detach = option === undefined ? configuredKey('detachKey', detachSetting) : parseWatchedKey(option);
  if (switchSetting === '') return { detach };
  const other = configuredKey('switchKey', switchSetting);
  return other.bytes.equals(detach.bytes) ? { detach } : { detach, switch: other };
}

function configuredKey(setting: string, name: string): WatchedKey {
  try {
    return parseWatchedKey(name);
  } catch (cause) {
    const { message } = TermError.from(cause);
    throw new TermError('BAD_CONFIG', `${setting}: ${message}`, {
      cause,
      details: { setting, reason: message },
    });
  }
}
