import { TermError } from '@triterm/core/errors';
import type { AttachOptions } from '../attach/index.ts';
import { type CommandContext, defineCommand } from './definition.ts';
import { parseCount } from './option-values.ts';

/** The session that is begun where there is none to choose. */
const FIRST_SESSION = 'main';

export const command = defineCommand({
  spec: {
    summary: 'Attach to a session',
    details:
      'Without a name: the only session that runs, or one that you choose. Ctrl-\\ detaches, Ctrl-] lets you choose ' +
      'another session; pressed twice they are sent on. Leaves with the exit status of the program when that ends. ' +
      'Images are shown while they are drawn, and are not restored.',
    args: [{ name: 'SESSION', description: 'name, id, or the beginning of an id', complete: 'session' }],
    options: {
      create: {
        short: 'c',
        description: 'start it if there is none of that name, or it has ended or was lost',
      },
      readOnly: { short: 'r', description: 'only look: type nothing, count for no size' },
      take: { description: 'become the primary client at once' },
      detach: { short: 'd', description: 'detach all other clients' },
      lossless: { description: 'get every byte, even if the program has to wait for this client' },
      history: { value: 'N', description: 'lines of scrollback to print above the screen; 64 KiB at most' },
      detachKey: { value: 'KEY', description: 'the key that detaches, such as C-\\ or C-a' },
    },
    examples: [
      ['triterm attach work', 'into the session work'],
      ['triterm attach --create work', 'start it first if need be'],
      ['triterm attach --read-only build', 'look on without touching'],
      ['triterm attach -d --take work', 'take it over from another terminal'],
    ],
  },
  async run({ options, args }, context) {
    requireTerminal(context);
    const target = args[0] ?? (await chooseTarget(context, options.create));
    if (target === undefined) return 0;
    return attach(context, {
      target,
      create: options.create,
      role: options.readOnly ? 'viewer' : 'controller',
      take: options.take,
      detachOthers: options.detach,
      lossless: options.lossless,
      ...(options.history === undefined
        ? {}
        : { historyLines: parseCount('--history', options.history, 0, 100_000) }),
      ...(options.detachKey === undefined ? {} : { detachKey: options.detachKey }),
    });
  },
});

/** Into the only session, or the chosen one, or a first one. */
export async function attachToAny(context: CommandContext): Promise<number> {
  const target = await chooseTarget(context, true);
  return target === undefined ? 0 : attachTo(target, context, target === FIRST_SESSION);
}

/** Attaches as a controller, as after `triterm new`. */
export function attachTo(target: string, context: CommandContext, create = false): Promise<number> {
  return attach(context, {
    target,
    create,
    role: 'controller',
    take: false,
    detachOthers: false,
    lossless: false,
  });
}

async function attach(context: CommandContext, options: Omit<AttachOptions, 'context'>): Promise<number> {
  const { runAttach } = await import('../attach/index.ts');
  return runAttach({ ...options, context });
}

function requireTerminal({ stdin, stdout }: CommandContext): void {
  if (!stdin.isTTY || !stdout.isTTY)
    throw new TermError(
      'NOT_A_TERMINAL',
      `Attaching needs a terminal, and ${stdin.isTTY ? 'stdout' : 'stdin'} is none.`,
    );
}

/** Undefined when nothing was chosen in the picker. */
async function chooseTarget(context: CommandContext, create: boolean): Promise<string | undefined> {
  const [{ withDaemon }, { listEverywhere }] = await Promise.all([
    import('./with-daemon.ts'),
    import('./list-everywhere.ts'),
  ]);
  const sessions = await withDaemon(context, client => listEverywhere(client), { repeatable: true });
  const candidates = sessions.filter(({ state, reachable }) => state !== 'exited' && reachable !== false);
  const [only, ...others] = candidates;
  if (only === undefined) {
    if (create) return FIRST_SESSION;
    throw new TermError('NO_SESSION_CHOSEN', 'There is no session to attach to.', {
      hint: '`triterm new` starts one.',
    });
  }
  if (others.length === 0 && only.state === 'running') return only.id;
  const { pickSession } = await import('../tui/pick-session.ts');
  return pickSession(candidates, context);
}
