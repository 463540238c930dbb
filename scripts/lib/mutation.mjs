import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot } from './workspace.mjs';

const OURS = '@triterm';

/** Texts of files with the edits made, by path. Throws when a text of the edits is not there exactly once. */
export function mutated(mutant, edits, pathOf) {
  const files = new Map();
  for (const { file, find, replace } of edits) {
    const path = pathOf(file);
    const text = files.get(path) ?? readFileSync(path, 'utf8');
    const matches = text.split(find).length - 1;
    if (matches !== 1)
      throw new Error(`mutant ${mutant}: its text is ${matches} times in ${file}, not once:\n${find}`);
    files.set(
      path,
      text.replace(find, () => replace),
    );
  }
  return files;
}

/** A copy of a part of this repository, in which safeguards can be taken away without harm. */
export class SourceCopy {
  dir = mkdtempSync(join(tmpdir(), 'triterm-mutants-'));

  /** `parts`: files and directories, from the root; what is not there is left out. Built files are not copied. */
  constructor(parts) {
    for (const part of parts)
      if (existsSync(inRoot(part))) cpSync(inRoot(part), join(this.dir, part), { recursive: true });
    this.#linkModules();
    process.once('exit', () => this.dispose());
  }

  path(file) {
    return join(this.dir, file);
  }

  /** Makes the edits, works, and undoes them. Throws when a text is not there exactly once. */
  async edited(mutant, edits, work) {
    const files = mutated(mutant, edits, file => this.path(file));
    const before = [...files.keys()].map(path => [path, readFileSync(path, 'utf8')]);
    try {
      for (const [path, text] of files) writeFileSync(path, text);
      return await work();
    } finally {
      for (const [path, text] of before) writeFileSync(path, text);
    }
  }

  /** Throws when a text of the edits is not there exactly once. */
  check(mutant, edits) {
    mutated(mutant, edits, file => this.path(file));
  }

  dispose() {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Other people's packages are the ones here; ours are the copies. */
  #linkModules() {
    const modules = this.path('node_modules');
    mkdirSync(join(modules, OURS), { recursive: true });
    for (const name of readdirSync(inRoot('node_modules')))
      if (name !== OURS) symlinkSync(inRoot(join('node_modules', name)), join(modules, name));
    for (const name of readdirSync(this.path('packages'))) {
      symlinkSync(this.path(join('packages', name)), join(modules, OURS, name));
      const own = join('packages', name, 'node_modules');
      if (existsSync(inRoot(own))) symlinkSync(inRoot(own), this.path(own));
    }
  }
}

/**
 * Runs a Node program to its end. Resolves with its exit code and what it said, in order; rejects when it has not ended in time. Its
 * standard input stays open until `isEnough` is true of what it has said.
 */
export function runNode(args, { cwd, env = process.env, deadlineMs, isEnough = () => false }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', ...args], { cwd, env, stdio: 'pipe' });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        output += String(chunk);
        if (isEnough(output)) child.stdin.end();
      });
    // It may have ended before.
    child.stdin.on('error', () => {});
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${args.join(' ')} did not end in ${deadlineMs / 1000} s:\n${output}`));
    }, deadlineMs);
    child.once('error', reject);
    child.once('close', code => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

/** Rows of cells as a table of Markdown. */
export function table(header, rows) {
  return [header, header.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}
