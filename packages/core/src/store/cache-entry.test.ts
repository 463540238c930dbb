import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, describeEntry, encodeEntry, judgeEntry } from './cache-entry.ts';
import type { SessionRow } from './session-store.ts';

const EPOCHS = { db: 'db1', cache: 3 };
const ROW: SessionRow = {
  id: 'abc',
  rev: 7,
  userId: 'user',
  name: 'work',
  ownerServer: 'server-1',
  ownerEpoch: 2,
  state: 'running',
  primarySocket: null,
  doc: {
    argv: ['sh'],
    command: 'sh',
    shell: null,
    cwd: '/',
    title: 'ünïcödé 🗒 "quoted"',
    cols: 80,
    rows: 24,
    sizePolicy: 'latest',
    labels: {},
    scrollbackLines: 1000,
    pid: null,
    hostId: null,
    exitCode: null,
    signal: null,
    endedAt: null,
    bootId: 'boot',
  },
  createdAt: 1,
  updatedAt: 2,
};

describe('an entry of a cache', () => {
  it('comes back as it was written, a tombstone too', () => {
    expect(decodeEntry(encodeEntry(ROW, EPOCHS), ROW.id)).toEqual({ epoch: 'db1.3', record: ROW });
    const tombstone = { id: 'abc', rev: 8, deleted: true } as const;
    expect(decodeEntry(encodeEntry(tombstone, EPOCHS), 'abc')).toEqual({
      epoch: 'db1.3',
      record: tombstone,
    });
  });

  it('begins with version and epoch: there the scripts look', () => {
    expect(encodeEntry(ROW, EPOCHS)).toMatch(/^\{"version":7,"epoch":"db1\.3",/);
  });

  it('of another id, or with a member missing or of another type, is none', () => {
    const text = encodeEntry(ROW, EPOCHS);
    expect(decodeEntry(text, 'xyz')).toBeUndefined();
    const value: Record<string, unknown> = JSON.parse(text);
    for (const name of Object.keys(value).filter(name => name !== 'primarySocket')) {
      const { [name]: _, ...without } = value;
      expect(decodeEntry(JSON.stringify(without), 'abc')).toBeUndefined();
      expect(decodeEntry(JSON.stringify({ ...value, [name]: [] }), 'abc')).toBeUndefined();
    }
  });

  it('is none whatever else stands there, and nothing throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        expect(decodeEntry(text, 'abc')).toBeUndefined();
        describeEntry(text, 1);
      }),
    );
  });

  it('is a hit in its epoch from its version down', () => {
    const entry = { epoch: 'db1.3', record: ROW };
    expect(judgeEntry(entry, EPOCHS, 7)).toEqual({ kind: 'hit', row: ROW });
    expect(judgeEntry(entry, EPOCHS, 8)).toBe('floor');
    expect(judgeEntry(entry, { db: 'db1', cache: 4 }, 0)).toBe('epoch');
    expect(judgeEntry(entry, { db: 'db2', cache: 3 }, 0)).toBe('epoch');
    expect(judgeEntry(undefined, EPOCHS, 0)).toBe('absent');
  });
});
