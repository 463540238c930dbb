import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A channel that somebody else has written: right but for what `fault` spoils. */
const ADAPTER = (fault: string) => `
import { EventEmitter } from 'node:events';
import { TermError } from '@triterm/core/errors';
import { eventChannelContract } from '@triterm/core/testing';

const hub = new EventEmitter();
class Channel {
  #ends = () => {};
  #closed = false;
  async publish(message) {
    if (this.#closed) throw new TermError('CACHE_UNAVAILABLE', 'The channel is closed.');
    if (Buffer.byteLength(message) > 7000) throw new TermError('TOO_LARGE', 'The message is too long.');
    ${fault}
    setImmediate(() => hub.emit('message', message));
  }
  async subscribe(listener) {
    this.#ends();
    const [message, gap] = [text => listener.message(text), () => listener.gap()];
    hub.on('message', message).on('gap', gap);
    this.#ends = () => hub.off('message', message).off('gap', gap);
  }
  async close() {
    this.#closed = true;
    this.#ends();
  }
}
eventChannelContract('a channel of somebody else', async () => ({
  open: () => new Channel(),
  interrupt: async () => void hub.emit('gap'),
  dispose: async () => {},
}));
`;

describe('the contract suites, as another project uses them', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-contracts-'));
    mkdirSync(join(dir, 'node_modules/@triterm'), { recursive: true });
    symlinkSync(join(ROOT, 'packages/core'), join(dir, 'node_modules/@triterm/core'));
    symlinkSync(join(ROOT, 'node_modules/vitest'), join(dir, 'node_modules/vitest'));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Runs vitest on the adapter; what it says. */
  const run = (adapter: string): Promise<{ failed: boolean; output: string }> => {
    writeFileSync(join(dir, 'adapter.test.js'), adapter);
    const vitest = join(dir, 'node_modules/vitest/vitest.mjs');
    return new Promise(resolve => {
      const env = { ...process.env, NO_COLOR: '1' };
      execFile(process.execPath, [vitest, 'run', '--root', dir], { cwd: dir, env }, (error, stdout, stderr) =>
        resolve({ failed: error !== null, output: stdout + stderr }),
      );
    });
  };

  it('pass an adapter that keeps the contract', async () => {
    const { failed, output } = await run(ADAPTER(''));
    expect(output).toMatch(/Tests .*\d+ passed/);
    expect(failed).toBe(false);
  });

  it('fail one that does not', async () => {
    const { failed, output } = await run(ADAPTER("if (message === '7') return;"));
    expect(output).toContain('keeps the order of one sender');
    expect(failed).toBe(true);
  });
});
