import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { resolvePaths } from '@triterm/core/config/paths';
import type { CommandContext } from '../commands/definition.ts';
import { withHost } from '../commands/with-host.ts';

/** A directory that is gone after the test; short, because sockets lie in it. */
export function scratchDir(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'tt-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A stream that keeps what is written to it. */
export class TextSink extends PassThrough {
  isTTY: boolean;
  columns: number | undefined;
  text = '';

  constructor(terminal?: { columns: number }) {
    super();
    this.isTTY = terminal !== undefined;
    this.columns = terminal?.columns;
    this.on('data', chunk => {
      this.text += String(chunk);
    });
  }
}

export interface TestContext extends CommandContext {
  readonly out: TextSink;
  readonly err: TextSink;
}

/** A command's surroundings without a process: no daemon is there, and the state directory is `stateDir`. */
export function testContext(
  stateDir: string,
  {
    env = {},
    terminal,
    input,
  }: { env?: NodeJS.ProcessEnv; terminal?: { columns: number }; input?: string } = {},
): TestContext {
  const out = new TextSink(terminal);
  const err = new TextSink();
  const stdin = Object.assign(new PassThrough(), { isTTY: terminal !== undefined });
  if (input !== undefined) stdin.end(input);
  const ownEnv = { HOME: stateDir, TRITERM_STATE_DIR: stateDir, ...env };
  const context = withHost({
    env: ownEnv,
    cwd: () => stateDir,
    // What a command reads of these is what the sinks have.
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: out as unknown as NodeJS.WriteStream,
    stderr: err as unknown as NodeJS.WriteStream,
    paths: resolvePaths(ownEnv, stateDir),
  });
  return Object.assign(context, { out, err });
}
