import { describe, expect, it } from 'vitest';
import { describeSettings } from './setting-description.ts';

const all = new Map(describeSettings().map(described => [described.setting as string, described]));

describe('the description of a setting', () => {
  it.each([
    ['serverId', 'a string of at most 64 characters', ['TRITERM_SERVER_ID', 'SERVER_ID']],
    ['shellIntegration', '`true` or `false`', ['TRITERM_SHELL_INTEGRATION']],
    ['maxSessions', 'a whole number from 1', ['TRITERM_MAX_SESSIONS']],
    ['redisPort', 'a whole number from 1 to 65535 or `null`', ['TRITERM_REDIS_PORT', 'REDIS_PORT']],
    ['history', '`disk`, `memory` or `none`', ['TRITERM_HISTORY']],
    ['allowedHosts', 'a list of strings', ['TRITERM_ALLOWED_HOSTS']],
    ['term', 'a string that is not empty', ['TRITERM_TERM']],
    ['shell', 'a string', ['TRITERM_SHELL']],
  ])('of %s tells what it may be, and its variables', (setting, allowed, variables) => {
    expect(all.get(setting)).toMatchObject({ allowed, variables });
  });

  it('is there for each, in a sentence or more', () => {
    for (const { description, reload } of all.values()) {
      expect(description).toMatch(/^[A-Z`].*\.$/s);
      expect(['reload', 'restart', 'client']).toContain(reload);
    }
  });
});
