import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TermError } from '../errors/index.ts';
import { negotiate, parseHello, parseWelcome, type VersionRange } from './handshake.ts';
import { HOST_PROTOCOL, PROTOCOL } from './version.ts';

/** What a function throws, as the one error class. */
function thrownBy(work: () => unknown): TermError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof TermError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

const anyRange: fc.Arbitrary<VersionRange> = fc
  .tuple(fc.nat(6), fc.nat(6))
  .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));

function versions({ min, max }: VersionRange): number[] {
  return Array.from({ length: max - min + 1 }, (_, i) => min + i);
}

/** Not what a handshake looks like, at any depth. */
const NOT_MESSAGES = [
  undefined,
  null,
  true,
  0,
  'hello',
  [],
  {},
  { hello: null },
  { hello: [] },
  { hello: {} },
];

describe('the version that two sides agree on', () => {
  it('is the highest that both speak, or there is none', () => {
    fc.assert(
      fc.property(anyRange, anyRange, (own, theirs) => {
        const common = versions(own).filter(version => versions(theirs).includes(version));
        const best = common.at(-1);
        if (best === undefined)
          expect(thrownBy(() => negotiate(own, theirs, 'peer'))).toMatchObject({ code: 'PROTOCOL_MISMATCH' });
        else expect(negotiate(own, theirs, 'peer')).toBe(best);
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same from both sides', () => {
    fc.assert(
      fc.property(anyRange, anyRange, (a, b) => {
        const outcome = (own: VersionRange, theirs: VersionRange): number | string => {
          try {
            return negotiate(own, theirs, 'peer');
          } catch (thrown) {
            return TermError.from(thrown).code;
          }
        };
        expect(outcome(a, b)).toBe(outcome(b, a));
      }),
    );
  });

  it('says which side is older and what to do when there is none', () => {
    const older = thrownBy(() => negotiate({ min: 3, max: 4 }, { min: 1, max: 2 }, 'triterm 0.1.0'));
    expect(older.message).toBe(
      'triterm 0.1.0 is older than this side: it speaks protocol 1 to 2, this one 3 to 4.',
    );
    expect(older.hint).toContain('triterm daemon restart');
    const newer = thrownBy(() => negotiate({ min: 1, max: 2 }, { min: 3, max: 4 }, 'triterm 9.0.0'));
    expect(newer.message).toContain('triterm 9.0.0 is newer than this side');
  });

  it('is refused to a range that is upside down', () => {
    expect(thrownBy(() => negotiate({ min: 1, max: 3 }, { min: 3, max: 1 }, 'peer')).code).toBe(
      'PROTOCOL_MISMATCH',
    );
  });

  it('is one that this release and the one before it speak', () => {
    for (const { min, max } of [PROTOCOL, HOST_PROTOCOL]) {
      expect(max).toBeGreaterThanOrEqual(min);
      expect(min).toBeLessThanOrEqual(Math.max(1, max - 1));
    }
  });
});

describe('a hello', () => {
  it('has a shape that is frozen', () => {
    const wire = '{"hello":{"protocol":{"min":1,"max":2},"software":"triterm 0.1.0","features":["a","b"]}}';
    expect(parseHello(JSON.parse(wire))).toEqual({
      protocol: { min: 1, max: 2 },
      software: 'triterm 0.1.0',
      features: ['a', 'b'],
    });
  });

  it('may say more, at every level', () => {
    const wire = {
      hello: { protocol: { min: 1, max: 2, best: 2 }, software: 's', features: [], more: 1 },
      x: 1,
    };
    expect(parseHello(wire)).toEqual({ protocol: { min: 1, max: 2 }, software: 's', features: [] });
  });

  it('needs nothing but the versions', () => {
    expect(parseHello({ hello: { protocol: { min: 1, max: 1 } } })).toEqual({
      protocol: { min: 1, max: 1 },
      software: '',
      features: [],
    });
  });

  it('is refused as BAD_MESSAGE without them', () => {
    const ranges = [
      null,
      [1, 2],
      { min: 1 },
      { max: 1 },
      { min: '1', max: 1 },
      { min: 1, max: 1.5 },
      { min: 1, max: 1e99 },
    ];
    const hellos = [...NOT_MESSAGES, ...ranges.map(protocol => ({ hello: { protocol } })), { welcome: {} }];
    for (const message of hellos) expect(thrownBy(() => parseHello(message)).code).toBe('BAD_MESSAGE');
  });

  it('is bounded, and strings stay strings', () => {
    const features = [
      1,
      null,
      { toString: 1 },
      ...Array.from({ length: 1000 }, (_, i) => `${i}`.padEnd(2000, 'x')),
    ];
    const hello = parseHello({
      hello: { protocol: { min: 1, max: 1 }, software: 'y'.repeat(5000), features },
    });
    expect(hello.software).toHaveLength(1024);
    expect(hello.features.length).toBeLessThanOrEqual(64);
    expect(hello.features.every(feature => feature.length <= 1024)).toBe(true);
    expect(hello.features[0]).toMatch(/^0x/);
  });

  it('never makes the reader throw anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.jsonValue().map(value => ({ hello: value })),
        ),
        message => {
          try {
            parseHello(message);
          } catch (thrown) {
            expect(thrown).toMatchObject({ name: 'TermError', code: 'BAD_MESSAGE' });
          }
        },
      ),
    );
  });
});

describe('the answer to a hello', () => {
  it('has a shape that is frozen', () => {
    const wire = '{"welcome":{"protocol":1,"software":"tritermd 0.1.0","features":["pid:7"],"later":{}}}';
    expect(parseWelcome(JSON.parse(wire))).toEqual({
      protocol: 1,
      software: 'tritermd 0.1.0',
      features: ['pid:7'],
    });
  });

  it('is refused as BAD_MESSAGE without a version', () => {
    const welcomes = [null, {}, { protocol: '1' }, { protocol: 0.5 }].map(welcome => ({ welcome }));
    for (const message of [...NOT_MESSAGES, ...welcomes])
      expect(thrownBy(() => parseWelcome(message)).code).toBe('BAD_MESSAGE');
  });

  it('throws the other side’s reason when that rejects', () => {
    const reject = { code: 'PROTOCOL_MISMATCH', message: 'too old', hint: 'update' };
    const error = thrownBy(() => parseWelcome({ reject, welcome: { protocol: 1 } }));
    expect({ code: error.code, message: error.message, hint: error.hint }).toEqual(reject);
  });

  it('throws a reason of the future as INTERNAL with its words', () => {
    const error = thrownBy(() =>
      parseWelcome({ reject: { code: 'MOON_PHASE', message: 'm', hint: 'wait' } }),
    );
    expect({ code: error.code, message: error.message, hint: error.hint }).toEqual({
      code: 'INTERNAL',
      message: 'm',
      hint: 'wait',
    });
  });

  it('throws a reason without a hint with the catalogue’s', () => {
    const error = thrownBy(() => parseWelcome({ reject: { code: 'SHUTTING_DOWN', message: 'bye' } }));
    expect(error.hint).toBe('Try again in a moment.');
  });

  it('throws whatever stands in a reject as an error', () => {
    for (const reject of [null, 0, '', [], {}, { code: 1, message: {}, hint: [] }])
      expect(thrownBy(() => parseWelcome({ reject })).code).toBe('INTERNAL');
  });
});
