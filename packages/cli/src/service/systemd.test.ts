import { describe, expect, it } from 'vitest';
import { shellSettings } from './shell-settings.ts';
import { timeSpanMs } from './status.ts';
import { parseProperties } from './systemd.ts';

describe('what systemctl shows', () => {
  it('is read unit by unit', () => {
    expect(parseProperties('Id=a.socket\nDropInPaths=/x=y /z\n\nId=b.service\nMainPID=0\nResult=\n')).toEqual(
      [
        { Id: 'a.socket', DropInPaths: '/x=y /z' },
        { Id: 'b.service', MainPID: '0', Result: '' },
      ],
    );
  });

  it('is nothing where no unit matches', () => {
    expect(parseProperties('')).toEqual([]);
    expect(parseProperties('\n')).toEqual([]);
  });

  it.each([
    ['30s', 30_000],
    ['1min 30s', 90_000],
    ['2min 1.500s', 121_500],
    ['500ms', 500],
    ['infinity', null],
    ['0', null],
    [undefined, null],
  ])('counts %s as %j ms', (text, ms) => {
    expect(timeSpanMs(text)).toBe(ms);
  });
});

it('settings of the shell are named that a service does not see, and those that the unit says are not', () => {
  expect(
    shellSettings({
      DATABASE_URL: 'postgres://u:secret@h/d',
      REDIS_HOST: '',
      TRITERM_LOG_LEVEL: 'debug',
      TRITERM_STATE_DIR: '/s',
      TRITERM_TOKEN: 'secret',
      PORT: '3000',
      PATH: '/bin',
    }),
  ).toEqual(['DATABASE_URL', 'TRITERM_LOG_LEVEL']);
});
