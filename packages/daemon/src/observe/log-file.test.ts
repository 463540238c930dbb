import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from './log-file.ts';

const LIMITS = { maxBytes: 1024 * 1024, files: 3 };

describe('a log file', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-log-'));
    path = join(dir, 'd.log');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const read = (name = 'd.log'): string => readFileSync(join(dir, name), 'utf8');

  it('is there with its lines when the call returns, mode 0600', () => {
    const umask = process.umask(0);
    const log = new LogFile(path, LIMITS);
    log.write('one\n');
    process.umask(umask);
    log.write('two\n');
    expect(read()).toBe('one\ntwo\n');
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    log.close();
  });

  it('goes on where the process before stopped', () => {
    writeFileSync(path, 'before\n');
    const log = new LogFile(path, LIMITS);
    log.write('after\n');
    expect(read()).toBe('before\nafter\n');
    log.close();
  });

  it('is not made before there is something to write', () => {
    new LogFile(path, LIMITS).close();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('gives way to a new one before it is too large, and keeps two old ones', () => {
    const log = new LogFile(path, { maxBytes: 100, files: 3 });
    for (let i = 0; i < 50; i += 1) log.write(`line ${String(i).padStart(2, '0')} ${'x'.repeat(20)}\n`);
    log.close();
    expect(readdirSync(dir).toSorted()).toEqual(['d.log', 'd.log.1', 'd.log.2']);
    const all = read('d.log.2') + read('d.log.1') + read();
    for (const name of readdirSync(dir)) {
      expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(100);
      expect(read(name)).toMatch(/\n$/);
    }
    const numbers = [...all.matchAll(/line (\d\d)/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 50 - numbers.length + i));
    expect(numbers.at(-1)).toBe(49);
  });

  it('gives way at once when it was too large to begin with', () => {
    writeFileSync(path, 'x'.repeat(200));
    const log = new LogFile(path, { maxBytes: 100, files: 3 });
    log.write('new\n');
    log.close();
    expect(read()).toBe('new\n');
    expect(read('d.log.1')).toHaveLength(200);
  });

  it('keeps as many old ones as it is told to, and follows a change of that', () => {
    const line = `${'x'.repeat(60)}\n`;
    const log = new LogFile(path, { maxBytes: 100, files: 5 });
    for (let i = 0; i < 8; i += 1) log.write(line);
    expect(readdirSync(dir).toSorted()).toEqual(['d.log', 'd.log.1', 'd.log.2', 'd.log.3', 'd.log.4']);
    log.setLimits({ maxBytes: 100, files: 2 });
    log.write('second\n');
    log.write(line);
    expect(readdirSync(dir).toSorted()).toEqual(['d.log', 'd.log.1']);
    log.setLimits({ maxBytes: 100, files: 1 });
    for (let i = 0; i < 3; i += 1) log.write(line);
    expect(readdirSync(dir)).toEqual(['d.log']);
    expect(read()).toBe(line);
    log.setLimits({ maxBytes: 1000, files: 1 });
    log.write('more\n');
    expect(read()).toBe(`${line}more\n`);
    log.close();
  });

  it('counts in bytes', () => {
    const log = new LogFile(path, { maxBytes: 100, files: 3 });
    for (let i = 0; i < 10; i += 1) log.write(`${'é'.repeat(20)}\n`);
    log.close();
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(100);
  });

  it('cuts a line that could fill it', () => {
    const log = new LogFile(path, LIMITS);
    log.write(`${'x'.repeat(1_000_000)}\n`);
    log.write('next\n');
    log.close();
    expect(read()).toBe(`${'x'.repeat(64 * 1024)}\nnext\n`);
  });

  it('follows no symlink', () => {
    const elsewhere = join(dir, 'elsewhere');
    writeFileSync(elsewhere, 'untouched');
    symlinkSync(elsewhere, path);
    const log = new LogFile(path, LIMITS);
    log.write('secret\n');
    expect(log.dropped).toBe(1);
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  it('never throws; tries again after a second, and tells how much is missing', () => {
    let nowMs = 0;
    mkdirSync(path);
    const log = new LogFile(path, LIMITS, () => nowMs);
    log.write('first\n');
    rmSync(path, { recursive: true });
    nowMs = 999;
    log.write('second\n');
    expect(log.dropped).toBe(2);
    nowMs = 1000;
    log.write('third\n');
    expect(log.dropped).toBe(0);
    const [notice, line] = read().split('\n');
    expect(JSON.parse(notice ?? '')).toMatchObject({ level: 'warn', dropped: 2 });
    expect(line).toBe('third');
    log.close();
  });

  it('opens again after it was closed', () => {
    const log = new LogFile(path, LIMITS);
    log.write('one\n');
    log.close();
    log.close();
    log.write('two\n');
    log.close();
    expect(read()).toBe('one\ntwo\n');
  });
});
