import { readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { runNode, SourceCopy } from './mutation.mjs';
import { inRoot } from './workspace.mjs';

const MUTANTS = 'scripts/lib/drill-mutants';
/** What the daemon, its pty-hosts and its drills are bundled from. */
const PARTS = [
  'package.json',
  'tsconfig.base.json',
  'scripts',
  'packages/core/package.json',
  'packages/core/src',
  ...['package.json', 'tsconfig.json', 'LICENSE', 'shell', 'src'].map(part => `packages/daemon/${part}`),
];
/** A claim that did not hold, as a drill tells it. */
const BROKEN = /"event":"claim".*"held":false/;
const BUNDLE_MS = 120_000;
const DRILL_MS = 150_000;

/** Every entry of `scripts/lib/drill-mutants`: `{ drill, without, edits: [{ file, find, replace }] }`. */
export async function drillMutants() {
  const files = readdirSync(inRoot(MUTANTS)).filter(file => file.endsWith('.mjs'));
  const groups = await Promise.all(files.sort().map(file => import(inRoot(join(MUTANTS, file)))));
  return groups.flatMap(({ default: mutants }) => mutants);
}

/** A copy of the sources whose drills are run from a bundle: that takes half a second, and its programs start three times as fast. */
export class DrillCopy {
  #copy = new SourceCopy(PARTS);

  /** Names of all drills, by the bundle. */
  async names() {
    await this.#bundle();
    const { output } = await this.#drill(['ls']);
    return linesOf(output).map(({ name }) => name);
  }

  /** Throws when a text of the mutant is not there exactly once. */
  check({ drill, edits }) {
    this.#copy.check(drill, edits);
  }

  /** The report of a drill on the sources as they are. */
  async untouched(drill) {
    await this.#bundle();
    return await this.#run(drill);
  }

  /** The report of the mutant's drill with its safeguard gone; it is ended when the first claim breaks. */
  async mutated({ drill, edits }) {
    await this.#copy.edited(drill, edits, () => this.#bundle());
    return await this.#run(drill, output => BROKEN.test(output));
  }

  dispose() {
    this.#copy.dispose();
  }

  async #bundle() {
    const args = [this.#copy.path('scripts/bundle.mjs'), 'daemon'];
    const { code, output } = await runNode(args, { cwd: this.#copy.dir, deadlineMs: BUNDLE_MS });
    if (code !== 0) throw new Error(`the copy is not to be bundled:\n${output}`);
  }

  async #run(drill, isEnough = () => false) {
    const { output } = await this.#drill(['run', drill], isEnough);
    const ended = linesOf(output).find(({ event }) => event === 'ended');
    if (ended === undefined) throw new Error(`drill ${drill} did not end:\n${output}`);
    return ended.report;
  }

  #drill(args, isEnough = () => false) {
    const { dir } = this.#copy;
    return runNode([this.#copy.path('packages/daemon/dist/bundle/triterm-drill.mjs'), ...args], {
      cwd: dir,
      deadlineMs: DRILL_MS,
      isEnough,
      env: {
        // Of Node first: its children are to run on the same one.
        PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
        HOME: dir,
        TMPDIR: process.env.TMPDIR ?? '',
        TRITERM_STATE_DIR: join(dir, 'state'),
        TRITERM_CONFIG: join(dir, 'config.json'),
      },
    });
  }
}

/** Does the work for each of the things, so many at a time, each time with one of the copies. */
export async function withCopies(jobs, things, work) {
  const copies = Array.from({ length: Math.min(jobs, Math.max(1, things.length)) }, () => new DrillCopy());
  const left = [...things];
  try {
    await Promise.all(
      copies.map(async copy => {
        for (let thing = left.shift(); thing !== undefined; thing = left.shift()) await work(copy, thing);
      }),
    );
  } finally {
    for (const copy of copies) copy.dispose();
  }
}

function linesOf(output) {
  return output
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line));
}
