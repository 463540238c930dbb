import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TerminalModel } from './terminal-model.ts';
import { randomOutput, smallSize } from './testing/random-stream.ts';
import { ReferenceTerminal } from './testing/reference-terminal.ts';
import { TellingListener } from './testing/telling-listener.ts';

const FIXTURES = new URL('./testing/fixtures/', import.meta.url);
const RECORDED = readdirSync(FIXTURES).filter(name => name.endsWith('.bin'));

/** The same streams every time; for a long campaign: EQUIVALENCE_SEED=$RANDOM EQUIVALENCE_TIMES=100. */
const SEED = Number(process.env.EQUIVALENCE_SEED ?? 1);
const TIMES = Number(process.env.EQUIVALENCE_TIMES ?? 1);
const runs = (count: number) => ({ seed: SEED, numRuns: count * TIMES });

/** Where a stream is cut, in thousandths. */
const somewhere = fc.nat(1000);

function cut(stream: Uint8Array, thousandths: number): [Uint8Array, Uint8Array] {
  const at = Math.floor((stream.length * thousandths) / 1000);
  return [stream.subarray(0, at), stream.subarray(at)];
}

/** A terminal that is painted goes on as one that was there from the start. Nothing is compared where no sequence leads. */
function comparePainted(
  size: { cols: number; rows: number },
  before: Uint8Array,
  after: readonly Uint8Array[],
  withHistory: boolean,
): void {
  const model = new TerminalModel({ ...size, listener: new TellingListener() });
  const always = new ReferenceTerminal(size.cols, size.rows);
  model.write(before);
  always.write(before);
  if (always.isUnreachable) return;
  const painted = new ReferenceTerminal(size.cols, size.rows);
  painted.write(model.paint({ history: withHistory ? model.scrollback() : [] }));
  expect(painted.answers).toEqual([]);
  expect(painted.look()).toEqual(always.look());
  if (withHistory && !always.losesAsText) expect(painted.rowsAbove()).toEqual(always.rowsAbove());
  always.answers.length = 0;
  for (const part of after) {
    always.write(part);
    painted.write(part);
    expect(painted.look()).toEqual(always.look());
  }
  expect(painted.answers).toEqual(always.answers);
}

/** A model that is restored goes on as the one that its state was taken of; both are asked for rows now and then. */
function compareRestored(
  size: { cols: number; rows: number },
  before: Uint8Array,
  after: readonly Uint8Array[],
  resizes: readonly { cols: number; rows: number }[],
): void {
  const told = new TellingListener();
  const model = new TerminalModel({ ...size, listener: told });
  model.write(before);
  const restoredTold = new TellingListener();
  const restored = TerminalModel.restore(model.checkpoint(), restoredTold);
  expect(Buffer.from(restored.checkpoint())).toEqual(Buffer.from(model.checkpoint()));
  told.all.length = 0;
  for (const [at, part] of after.entries()) {
    for (const one of [model, restored]) one.write(part);
    const resize = resizes[at];
    if (resize !== undefined) for (const one of [model, restored]) one.resize(resize.cols, resize.rows);
    expect(restored.takeLines(20)).toEqual(model.takeLines(20));
  }
  TerminalModel.restore(model.checkpoint(), told);
  expect(restoredTold.all).toEqual(told.all);
  expect(Buffer.from(restored.checkpoint())).toEqual(Buffer.from(model.checkpoint()));
}

describe('a restored model', () => {
  it('goes on as the one that its state was taken of, after any byte', () => {
    fc.assert(
      fc.property(
        smallSize,
        randomOutput,
        fc.array(randomOutput, { maxLength: 3 }),
        fc.array(smallSize, { maxLength: 3 }),
        somewhere,
        (size, stream, more, resizes, at) => {
          const [before, after] = cut(stream, at);
          compareRestored(size, before, [after, ...more], resizes);
        },
      ),
      runs(400),
    );
  });

  it.each(RECORDED)('goes on with what %s writes', name => {
    const stream = readFileSync(new URL(name, FIXTURES));
    fc.assert(
      fc.property(fc.nat(stream.length), fc.nat(4000), (at, length) => {
        const rest = stream.subarray(at);
        compareRestored(
          { cols: 80, rows: 24 },
          stream.subarray(0, at),
          [rest.subarray(0, length), rest.subarray(length)],
          [{ cols: 61, rows: 30 }],
        );
      }),
      runs(8),
    );
  });
});

describe('a painted terminal', () => {
  it('shows the same and goes on as one that was there from the start, after any byte', () => {
    fc.assert(
      fc.property(
        smallSize,
        randomOutput,
        fc.array(randomOutput, { maxLength: 2 }),
        somewhere,
        fc.boolean(),
        (size, stream, more, at, withHistory) => {
          const [before, after] = cut(stream, at);
          comparePainted(size, before, [after, ...more], withHistory);
        },
      ),
      runs(600),
    );
  });

  it.each(RECORDED)('goes on with what %s writes', name => {
    const stream = readFileSync(new URL(name, FIXTURES));
    fc.assert(
      fc.property(fc.nat(stream.length), fc.nat(4000), fc.boolean(), (at, length, withHistory) => {
        const rest = stream.subarray(at);
        comparePainted(
          { cols: 80, rows: 24 },
          stream.subarray(0, at),
          [rest.subarray(0, length), rest.subarray(length)],
          withHistory,
        );
      }),
      runs(8),
    );
  });

  it('reflows its rows, and the history above them, as one that was there from the start', () => {
    fc.assert(
      fc.property(smallSize, randomOutput, fc.integer({ min: 2, max: 40 }), (size, stream, cols) => {
        const model = new TerminalModel({ ...size, listener: new TellingListener() });
        const always = new ReferenceTerminal(size.cols, size.rows);
        model.write(stream);
        always.write(stream);
        if (always.isUnreachable || always.losesAsText || model.alternateScreen) return;
        const painted = new ReferenceTerminal(size.cols, size.rows);
        painted.write(model.paint({ history: model.scrollback() }));
        for (const terminal of [always, painted]) terminal.resize(cols, size.rows);
        expect(painted.rowsAbove()).toEqual(always.rowsAbove());
      }),
      runs(200),
    );
  });
});
