import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Writes files that are made from the sources; with `--check` on the command line compares instead, names what has
 * drifted and ends with status 1. `files` maps paths from the repository's root to contents.
 */
export function writeOrCheck(files) {
  const isCheck = process.argv.includes('--check');
  for (const [path, content] of Object.entries(files)) {
    const url = new URL(`../../${path}`, import.meta.url);
    if (read(url) === content) continue;
    if (isCheck) {
      process.stderr.write(`${path} is not what the sources say; run: ${command()}\n`);
      process.exitCode = 1;
      continue;
    }
    mkdirSync(dirname(fileURLToPath(url)), { recursive: true });
    writeFileSync(url, content);
    process.stdout.write(`${path} written\n`);
  }
}

function read(url) {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined;
  }
}

function command() {
  const script = (process.argv[1] ?? '').replace(/^.*\/(scripts\/)/, '$1');
  return `node --conditions=@triterm/source ${script}`;
}
