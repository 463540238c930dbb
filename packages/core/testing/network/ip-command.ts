import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEADLINE_MS = 10_000;

/** One `ip` command; what it prints. Rejects with what it said. */
export async function ip(...words: readonly string[]): Promise<string> {
  try {
    return (await run('ip', words, { timeout: DEADLINE_MS })).stdout;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`ip ${words.join(' ')}: ${said}`, { cause: error });
  }
}

/** Names of all network namespaces that have one. */
export async function namespaces(): Promise<string[]> {
  const listed = await ip('netns', 'list');
  return listed.split('\n').flatMap(line => line.split(' ', 1).filter(name => name !== ''));
}
