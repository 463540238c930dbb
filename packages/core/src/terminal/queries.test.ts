import { describe, expect, it } from 'vitest';
import { isCsiQuery, isDcsQuery, isGraphicsQuery, withoutOscQueries } from './queries.ts';

describe('control sequences', () => {
  const isQuery = (sequence: string) => isCsiQuery(sequence.slice(0, -1), sequence.slice(-1));

  it.each([
    ...['c', '0c', '>c', '>0c', '=c', '5n', '6n', '?6n', '?15n', '?996n', '?2026$p', '4$p', '>q', '>0q'],
    ...['?u', '14t', '18t', '21t', '16;2t', 'x', '1x', '1$w', "'|", '?1;1;0S', '?4m', '1;1;1;1;2;2*y', '#R'],
  ])('takes CSI %s for a query', sequence => expect(isQuery(sequence)).toBe(true));

  it.each([
    ...[
      'm',
      '1;31m',
      '>4;2m',
      '>4n',
      '!p',
      '62;1"p',
      '2 q',
      '1"q',
      'u',
      '>1u',
      '<u',
      '=1;1u',
      '22;0t',
      '23;0t',
    ],
    ...['8;24;80t', '$x', '2$v', 'H', '2J', '?25h', '3S', '1 t', '?1049r', 'g', '3g', '2w'],
  ])('takes CSI %s for none', sequence => expect(isQuery(sequence)).toBe(false));
});

describe('strings', () => {
  it.each(['$q', '+q', '+Q', '1$q'])('takes DCS %s for a query', introducer =>
    expect(isDcsQuery(introducer)).toBe(true),
  );
  it.each(['q', '0;1;0q', '+p', '1$r', '1+r', '2$t', '{'])('takes DCS %s for none', introducer =>
    expect(isDcsQuery(introducer)).toBe(false),
  );

  it('knows when graphics are only asked for', () => {
    expect(isGraphicsQuery('i=31,s=1,v=1,a=q,t=d,f=24')).toBe(true);
    expect(isGraphicsQuery('a=T,f=100,q=2')).toBe(false);
  });

  it.each([
    ['10;?', []],
    ['10;?;?', []],
    ['10;?;#fff', ['11;#fff']],
    ['11;rgb:00/00/00', ['11;rgb:00/00/00']],
    ['4;1;?', []],
    ['4;1;?;2;red', ['4;2;red']],
    ['4;1;red;2;blue', ['4;1;red;2;blue']],
    ['52;c;?', []],
    ['52;c;aGk=', ['52;c;aGk=']],
    ['21;foreground=?;cursor=red', ['21;cursor=red']],
    ['22;?__current__', []],
    ['22;pointer', ['22;pointer']],
    ['99;i=1:p=?;', []],
    ['99;i=1:p=title;hello', ['99;i=1:p=title;hello']],
    ['1337;ReportCellSize', []],
    ['1337;File=inline=1:AAAA', ['1337;File=inline=1:AAAA']],
    ['50;?', []],
    ['60', []],
  ])('leaves of OSC %s what asks for nothing', (body, kept) => {
    expect(withoutOscQueries(body)).toEqual(kept);
  });
});
