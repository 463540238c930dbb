import { describe, expect, it } from 'vitest';
import { displayWidth } from '../output/display-width.ts';
import { sessionInfo } from '../testing/session-info.ts';
import { pickerRows } from './picker-rows.ts';

const NOW = { ms: Date.parse('2026-01-01T02:00:00Z'), home: '/home/me' };
const SESSIONS = [
  sessionInfo({ name: 'web', command: 'npm start', cwd: '/home/me/site', createdAt: '2026-01-01T00:00:00Z' }),
  sessionInfo({
    name: 'a-rather-long-name',
    command: '日本語 very long command line',
    cwd: '/usr/share/doc/x',
  }),
];

describe('pickerRows', () => {
  it('shows name, state, command, place and age', () => {
    const [header, web] = pickerRows(SESSIONS, 120, NOW);
    expect(header).toMatch(/^NAME +STATE +COMMAND +CWD +AGE$/);
    expect(web).toMatch(/^web +running +npm start +~\/site +2h$/);
  });

  it('fits into any terminal, with the name at least', () => {
    for (const columns of [8, 20, 30, 40, 60, 80]) {
      const rows = pickerRows(SESSIONS, columns, NOW);
      for (const row of rows) expect(displayWidth(row)).toBeLessThanOrEqual(columns);
      expect(rows[1]).toContain('web');
    }
  });
});
