import type { Agreement } from '@triterm/core/config/load';
import { ownKeys } from '../../attach/own-keys.ts';

/** The keys that clients take for themselves; the daemon does not know what a key is. */
export const KEY_AGREEMENT: Agreement = {
  settings: ['detachKey', 'switchKey'],
  check: ({ detachKey, switchKey }) => ownKeys(undefined, detachKey, switchKey),
};
