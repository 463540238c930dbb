/**
 * What is to be run of a page of documentation, or of a part of it. Its fenced blocks `sh` are shell commands; of a block `console` those behind
 * a prompt `NAME$ ` are, each on the machine NAME, and the rest is output. Comments, which readers do not see, say more:
 *
 *     <!-- run: skip because REASON -->        the next block is not run
 *     <!-- run: background -->                 the next block goes on while those after it run
 *     <!-- run: needs postgres, redis -->      what this part of the page wants to find
 *     <!-- run: on a new machine -->           here begins another part, which knows nothing of those before it
 *     <!-- run:
 *     COMMANDS                                 run here, such as to make what the page takes for granted
 *     -->
 */
export interface Page {
  /** From the repository's root. */
  readonly path: string;
  /** Line at which it begins, from 1. */
  readonly line: number;
  readonly needs: readonly Need[];
  readonly steps: readonly Step[];
}

export interface Step {
  readonly kind: 'shown' | 'background' | 'hidden' | 'skipped';
  /** Line of its first command, from 1. */
  readonly line: number;
  readonly language: 'sh' | 'console';
  readonly text: string;
  /** Why it is not run; empty unless it is skipped. */
  readonly reason: string;
}

const NEEDS = ['postgres', 'redis'] as const;
export type Need = (typeof NEEDS)[number];

const PART =
  /^<!-- run:\n(?<hidden>[\s\S]*?)^-->$|^<!-- run: (?<directive>.*) -->$|^```(?<info>.*)\n(?<block>[\s\S]*?)^```$/gm;

/** The parts of a page. Throws where a comment `run:` makes no sense. */
export function readPage(path: string, markdown: string): Page[] {
  let needs: Need[] = [];
  let steps: Step[] = [];
  const parts: Page[] = [{ path, line: 1, needs, steps }];
  let next: Pick<Step, 'kind' | 'reason'> | undefined;
  for (const { index, groups: { hidden, directive, info, block = '' } = {} } of markdown.matchAll(PART)) {
    const line = markdown.slice(0, index).split('\n').length + 1;
    const wrong = (what: string) => new Error(`${path}:${line}: ${what}`);
    if (hidden !== undefined) {
      steps.push({ kind: 'hidden', line, language: 'sh', text: hidden, reason: '' });
    } else if (directive?.startsWith('needs ')) {
      needs.push(
        ...directive
          .slice('needs '.length)
          .split(', ')
          .map(word => needOf(word, wrong)),
      );
    } else if (directive === 'on a new machine' && next === undefined) {
      needs = [];
      steps = [];
      parts.push({ path, line, needs, steps });
    } else if (directive !== undefined) {
      const reason = /^skip because (.+)$/.exec(directive)?.[1];
      if (next !== undefined || (reason === undefined && directive !== 'background'))
        throw wrong(`nothing is known of "run: ${directive}" here`);
      next = reason === undefined ? { kind: 'background', reason: '' } : { kind: 'skipped', reason };
    } else if (info === 'sh' || info === 'console') {
      steps.push({ ...(next ?? { kind: 'shown', reason: '' }), line, language: info, text: block });
      next = undefined;
    } else if (next !== undefined) {
      throw wrong('a "run:" comment stands before a block that is not run');
    }
  }
  if (next !== undefined) throw new Error(`${path}: a "run:" comment stands before no block`);
  return parts;
}

/** Fenced blocks in which no language is named. */
export function plainBlocks(markdown: string): string[] {
  return [...markdown.matchAll(PART)].flatMap(({ groups }) =>
    groups?.info === '' ? [groups.block ?? ''] : [],
  );
}

function needOf(word: string, wrong: (what: string) => Error): Need {
  const need = NEEDS.find(name => name === word);
  if (need === undefined) throw wrong(`nothing is known of a need "${word}"`);
  return need;
}
