import { describe, expect, it } from 'vitest';
import { metricsSettings } from './metrics-settings.ts';
import { configSchema } from './schema.ts';

const settings = (given: { metricsSocket?: string; metricsListen?: string }) =>
  metricsSettings(configSchema.parse(given), { runDir: '/run/t', socket: '/run/t/tritermd.sock' });

describe('where metrics are told', () => {
  it('is a socket in the run directory, nowhere else', () => {
    expect(settings({})).toEqual({ socket: '/run/t/metrics.sock', tcp: undefined });
  });

  it('is nowhere, another socket or a loopback address on request', () => {
    expect(settings({ metricsSocket: '' })).toEqual({ socket: undefined, tcp: undefined });
    expect(settings({ metricsSocket: '/run/m.sock', metricsListen: '127.0.0.1:9464' })).toEqual({
      socket: '/run/m.sock',
      tcp: { host: '127.0.0.1', port: 9464 },
    });
    expect(settings({ metricsListen: '[::1]:9464' }).tcp).toEqual({ host: '::1', port: 9464 });
  });

  it.each([
    '0.0.0.0:9464',
    '10.0.0.1:9464',
    '[::]:9464',
    'localhost:9464',
    '127.0.0.1',
    ':9464',
    '127.0.0.1:0',
    '127.evil.example:80',
  ])('is never where others could reach it: %s', metricsListen => {
    expect(() => settings({ metricsListen })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining('metricsListen') }),
    );
  });

  it('is not the daemon’s own socket', () => {
    expect(() => settings({ metricsSocket: 'tritermd.sock' })).toThrow(/own socket/);
  });
});
