import { hostname } from 'node:os';
import { readClientSettings } from '@triterm/core/config';
import type { Role } from '@triterm/core/domain';
import { clientEnvironment } from '../commands/client-environment.ts';
import type { CommandContext } from '../commands/definition.ts';
import { listEverywhere } from '../commands/list-everywhere.ts';
import { startDirectory } from '../commands/start-directory.ts';
import { AttachLoop, type AttachLoopOptions } from './attach-loop.ts';
import type { AttachmentLink } from './attachment-link.ts';
import { ClientTerminal } from './client-terminal.ts';
import { ColourProbe, canBeProbed } from './colour-probe.ts';
import { deviceId } from './device-id.ts';
import { farewell } from './farewell.ts';
import { describeNesting, surroundingSession } from './nesting.ts';
import { ownKeys } from './own-keys.ts';
import { ProcessSignals } from './process-signals.ts';

export interface AttachOptions {
  readonly context: CommandContext;
  /** A session's name, id, or the beginning of its id. */
  readonly target: string;
  /** Start it when there is none of that name, or it has ended or was lost. */
  readonly create: boolean;
  readonly role: Role;
  /** Become the primary client at once. */
  readonly take: boolean;
  readonly detachOthers: boolean;
  readonly lossless: boolean;
  /** Lines of scrollback above the screen; as configured when not said. */
  readonly historyLines?: number;
  /** As configured when not said. */
  readonly detachKey?: string;
}

/** The status of a process whose terminal was closed: 128 + SIGHUP. */
const HANGUP_STATUS = 129;

/**
 * Attaches a person's terminal to a session, and to others that are switched to, until that is over; returns the exit
 * code. Whatever happens, the terminal is left as it was found. Throws what prevents or ends it.
 */
export async function runAttach(options: AttachOptions): Promise<number> {
  const { context } = options;
  const { paths, env, remote, stdin, stdout, stderr } = context;
  const settings = readClientSettings(paths, env);
  const keys = ownKeys(options.detachKey, settings.detachKey, settings.switchKey);
  const nested = await describeNesting(options.target, context);
  if (nested !== undefined) stderr.write(`triterm: ${nested}\n`);

  const terminal = new ClientTerminal({ stdin, stdout });
  const probe = !options.lossless && canBeProbed(env) ? new ColourProbe() : undefined;
  let loop: AttachLoop | undefined;
  const signals = new ProcessSignals({
    ended: signal => loop?.finish({ kind: 'signalled', signal }),
    stopping: async () => loop?.suspend(),
    continued: () => void loop?.resume(),
    dying: () => terminal.leaveNow(),
  });
  const notes: string[] = [];
  const environment = clientEnvironment(env, remote !== undefined);
  const device = await deviceId(paths);
  const common: Omit<AttachLoopOptions, 'target' | 'once' | 'create'> = {
    paths,
    env,
    remote,
    attach: {
      role: options.role,
      lossless: options.lossless,
      historyLines: options.historyLines ?? settings.historyLines,
      ...(device === undefined ? {} : { deviceId: device }),
      deviceName: hostname(),
      // A process of this machine, and what its shells may need of it, mean nothing on another.
      ...(remote === undefined ? { pid: process.pid, environment } : {}),
    },
    keys,
    detachKeyName: options.detachKey ?? settings.detachKey,
    probe,
    pick: link => pick(link, context),
    note: text => notes.push(text),
  };
  try {
    let target = options.target;
    for (let isFirst = true; ; isFirst = false) {
      loop = new AttachLoop(terminal, {
        ...common,
        target,
        once: { take: options.take && isFirst, detachOthers: options.detachOthers && isFirst },
        create:
          options.create && isFirst ? { cwd: startDirectory(undefined, context), environment } : undefined,
      });
      const end = await loop.run();
      if (end.kind === 'switch') {
        target = end.to;
        continue;
      }
      await terminal.leave();
      signals.remove();
      if (end.kind === 'terminalGone') return HANGUP_STATUS;
      if (end.kind === 'signalled') ProcessSignals.raise(end.signal);
      for (const note of notes) stderr.write(`triterm: ${note}\n`);
      const { note, status } = farewell(end, loop.session?.name ?? target);
      if (note !== undefined) stderr.write(`${note}\n`);
      return status;
    }
  } finally {
    await terminal.leave();
    terminal.close();
    signals.remove();
  }
}

/** Lets the person choose one of the sessions that can be attached; undefined for none. */
async function pick(link: AttachmentLink, context: CommandContext): Promise<string | undefined> {
  const [{ pickSession }, { connectDaemon }] = await Promise.all([
    import('../tui/pick-session.ts'),
    import('../client/daemon-client.ts'),
  ]);
  const { paths, env, remote } = context;
  const client = await connectDaemon({ paths, env, remote, autostart: true });
  const sessions = await listEverywhere(client).finally(() => client.close());
  const surrounding = surroundingSession(env);
  const candidates = sessions.filter(
    ({ id, state, reachable }) => state === 'running' && reachable !== false && id !== surrounding,
  );
  return pickSession(candidates, context, link.session?.id);
}
