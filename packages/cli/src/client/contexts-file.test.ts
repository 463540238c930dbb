import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../testing/test-context.ts';
import { changeContexts } from './change-contexts.ts';
import { type Context, type Contexts, formatContexts, parseContexts, readContexts } from './contexts-file.ts';

const LAB: Context = { url: 'wss://lab:7443/', token: 'trt_0123abcd_x', caFile: '/ca.pem' };
const KEPT: Contexts = {
  current: 'lab',
  byName: new Map<string, Context>([
    ['lab', LAB],
    ['__proto__', { url: 'ws://localhost:1/', token: undefined, caFile: undefined }],
  ]),
};

describe('the file of contexts', () => {
  let scratch: ReturnType<typeof scratchDir>;
  let file: string;
  beforeEach(() => {
    scratch = scratchDir();
    file = join(scratch.path, 'config', 'contexts.json');
  });
  afterEach(() => scratch[Symbol.dispose]());

  it('brings back what was kept, for our eyes only', async () => {
    await changeContexts(file, () => KEPT);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readContexts(file)).toEqual(KEPT);
  });

  it('is empty where there is none', () => {
    expect(readContexts(file)).toEqual({ current: undefined, byName: new Map() });
    expect(readContexts(join(scratch.path, 'none', 'below'))).toMatchObject({ current: undefined });
  });

  it.each([0o640, 0o604, 0o620, 0o602])('is refused when others may read or change it (%i)', async mode => {
    await changeContexts(file, () => KEPT);
    chmodSync(file, mode);
    expect(() => readContexts(file)).toThrow(expect.objectContaining({ code: 'UNSAFE_PATH' }));
    await expect(changeContexts(file, () => KEPT)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('stays as it was when a change is refused', async () => {
    await changeContexts(file, () => KEPT);
    const refuse = () => {
      throw new Error('refused');
    };
    await expect(changeContexts(file, refuse)).rejects.toThrow('refused');
    expect(readFileSync(file, 'utf8')).toBe(formatContexts(KEPT));
  });

  it.each([
    ['{"token": "trt_secret', 'is not JSON'],
    ['[]', 'the whole is not an object'],
    ['{"contexts": []}', 'contexts is not an object'],
    ['{"contexts": {"lab": "wss://a"}}', 'contexts.lab is not an object'],
    ['{"contexts": {"lab": {}}}', 'contexts.lab.url'],
    ['{"contexts": {"lab": {"url": "http://a"}}}', 'contexts.lab.url'],
    ['{"contexts": {"lab": {"url": "wss://a", "token": 7}}}', 'contexts.lab.token is not a string'],
    ['{"current": 1}', 'current is not a string'],
  ])('%s is told as damaged, without what stands in it', (text, message) => {
    const refusal = expect.objectContaining({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(message),
    });
    expect(() => parseContexts(text, file)).toThrow(refusal);
    expect(() => parseContexts(text, file)).not.toThrow(/trt_secret/);
  });

  it('may hold more than this release knows', () => {
    const text = '{"version": 2, "contexts": {"lab": {"url": "wss://a", "colour": "red"}}}';
    expect([...parseContexts(text, file).byName.keys()]).toEqual(['lab']);
  });

  it('is not read twice as large as any', () => {
    writeFileSync(join(scratch.path, 'large'), ' '.repeat(1024 * 1024 + 1), { mode: 0o600 });
    expect(() => readContexts(join(scratch.path, 'large'))).toThrow(/larger than/);
  });
});
