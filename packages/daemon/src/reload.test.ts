import { type Config, configSchema } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { Reload } from './reload.ts';

function setUp(started: Partial<Config>) {
  const config = configSchema.parse(started);
  const told: string[] = [];
  const state: { found: Partial<Config> | TermError } = { found: started };
  const log = (level: string) => (_fields: object, message: string) => {
    told.push(`${level}: ${message}`);
  };
  const reload = new Reload({
    config,
    read: () => {
      if (state.found instanceof TermError) throw state.found;
      return configSchema.parse(state.found);
    },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    manager: { reloading: () => told.push('reloading'), ready: () => told.push('ready') },
  });
  return { config, told, state, reload };
}

describe('a reload', () => {
  it('replaces what can be taken up in the very configuration that the daemon runs with', () => {
    const { config, reload, state } = setUp({ maxSessions: 5, term: 'screen' });
    const taken: number[] = [];
    reload.onReload(() => taken.push(config.maxSessions));
    state.found = { maxSessions: 7, term: 'screen', dropEnvironment: ['X'] };
    expect(reload.reload()).toEqual({
      applied: [
        { setting: 'maxSessions', from: 5, to: 7 },
        { setting: 'dropEnvironment', from: [], to: ['X'] },
      ],
      restart: [],
    });
    expect(config).toMatchObject({ maxSessions: 7, dropEnvironment: ['X'] });
    expect(taken).toEqual([7]);
    expect(reload.reload()).toEqual({ applied: [], restart: [] });
  });

  it('tells what needs a restart for as long as it does, and leaves that as it is', () => {
    const { config, reload, state, told } = setUp({});
    state.found = { databaseUrl: 'postgres://me:hunter2@host/db', listen: '7000', detachKey: 'C-a' };
    const wanted = { applied: [], restart: ['listen', 'databaseUrl'] };
    expect(reload.reload()).toEqual(wanted);
    expect(reload.reload()).toEqual(wanted);
    expect(config).toMatchObject({ databaseUrl: '', listen: '', detachKey: 'C-\\' });
    expect(told).toContain(
      'warn: restart to take up: listen, databaseUrl; `triterm daemon restart` keeps every session',
    );
    state.found = {};
    expect(reload.reload()).toEqual({ applied: [], restart: [] });
  });

  it('changes nothing when the configuration is not valid', () => {
    const { config, reload, state, told } = setUp({ maxSessions: 5 });
    const before = structuredClone(config);
    reload.onReload(() => told.push('taken up'));
    state.found = new TermError('BAD_CONFIG', 'x: maxSessions: no');
    expect(() => reload.reload()).toThrow(state.found);
    expect(config).toEqual(before);
    expect(told).toEqual([
      'reloading',
      'error: the configuration could not be taken up; nothing has changed',
      'ready',
    ]);
  });

  it('by a signal waits until the daemon stands, and fails for nobody', () => {
    const { config, reload, state, told } = setUp({ maxSessions: 5 });
    state.found = { maxSessions: 6 };
    reload.signalled();
    expect(config.maxSessions).toBe(5);
    reload.started();
    expect(config.maxSessions).toBe(6);
    state.found = new TermError('BAD_CONFIG', 'no');
    expect(() => reload.signalled()).not.toThrow();
    expect(told.at(-1)).toBe('ready');
  });
});
