import fc from 'fast-check';
import { expect, it } from 'vitest';
import { retryDelayMs } from './client-options.ts';
import { isTooOld } from './handshake.ts';
import { infoField, infoNumber } from './info-text.ts';

it('an attempt to connect follows within a second, however many have failed', () => {
  fc.assert(
    fc.property(fc.nat(), attempt => {
      const delayMs = retryDelayMs(attempt);
      expect(delayMs).toBeGreaterThanOrEqual(25);
      expect(delayMs).toBeLessThanOrEqual(1000);
    }),
  );
  expect(retryDelayMs(1)).toBeLessThanOrEqual(50);
});

it.each([
  ['6.2.0', false],
  ['7.0.15', false],
  ['10.0.0', false],
  ['6.0.20', true],
  ['5.0.14', true],
  ['', true],
])('version %j of Redis is too old: %j', (version, tooOld) => {
  expect(isTooOld(version)).toBe(tooOld);
});

it('a field of INFO is read, and no other that ends like it', () => {
  const info =
    '# Memory\r\nother_used_memory:1\r\nused_memory:42\r\nmaxmemory_policy:volatile-lru\r\nempty:\r\n';
  expect(infoField(info, 'maxmemory_policy')).toBe('volatile-lru');
  expect(infoField(info, 'policy')).toBeUndefined();
  expect(infoNumber(info, 'used_memory')).toBe(42);
  expect(infoNumber(info, 'maxmemory_policy')).toBeNull();
  expect(infoNumber(info, 'empty')).toBeNull();
});
