import { describe, expect, it } from 'vitest';
import { CLIENT_DEFAULTS } from './client-settings.ts';
import { RELOAD } from './reload.ts';
import { configSchema } from './schema.ts';
import { mayBeSecret } from './secret-settings.ts';

describe('how a change of a setting is taken up', () => {
  it('is said of every setting, and of nothing else', () => {
    expect(Object.keys(RELOAD).toSorted()).toEqual(Object.keys(configSchema.shape).toSorted());
  });

  it('is never by a reload for what may be a secret: log and answer tell what it was and is', () => {
    const reloaded = Object.entries(RELOAD).filter(([, takenUp]) => takenUp === 'reload');
    expect(reloaded.filter(([setting]) => mayBeSecret(setting))).toEqual([]);
  });

  it('is by clients for what clients read, and nothing else', () => {
    const ofClients = Object.entries(RELOAD).filter(([, takenUp]) => takenUp === 'client');
    expect(ofClients.map(([setting]) => setting).toSorted()).toEqual(Object.keys(CLIENT_DEFAULTS).toSorted());
  });
});
