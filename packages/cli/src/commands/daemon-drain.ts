import type { Result } from '@triterm/core/protocol';
import { listSessions } from '../client/list-sessions.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { sessionLines, sessionRecords } from './session-table.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Make no new sessions on a server, and hand its clients over',
    details:
      'Clients of sessions on other servers are asked to go there by another way; what runs here goes on and is listed. It ends with ' +
      '--undo, or when the daemon starts again.',
    args: [],
    options: {
      undo: { description: 'take new sessions again' },
      json: { description: 'print {draining, sessions, handedOver} as JSON' },
    },
    examples: [
      ['triterm daemon drain', 'before the host goes down'],
      ['triterm daemon drain --host server-2', 'on another one'],
      ['triterm daemon drain --undo', 'when it stays after all'],
    ],
  },
  async run({ options }, context) {
    const drained = await withDaemon(
      context,
      async client => {
        const answer = await client.request('daemon.drain', options.undo ? { undo: true } : {});
        if (!answer.draining) return answer;
        const sessions = await listSessions(client);
        return { ...answer, sessions: sessions.filter(({ state }) => state === 'running') };
      },
      { autostart: false, repeatable: true },
    );
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) {
      printer.json(drained);
      return 0;
    }
    context.stderr.write(`${sentence(drained)}\n`);
    const running = drained.draining ? drained.sessions : [];
    if (running.length === 0) return 0;
    const now = { ms: Date.now(), home: context.env.HOME ?? '' };
    const lines = printer.isTerminal ? sessionLines(running, printer, now) : sessionRecords(running);
    for (const line of lines) printer.line(line);
    return 0;
  },
});

function sentence({ draining, sessions, handedOver }: Result<'daemon.drain'>): string {
  if (!draining) return 'The server takes new sessions again.';
  const clients = handedOver === 1 ? '1 client was' : `${handedOver} clients were`;
  const left = sessions.length === 0 ? 'Nothing runs here any more.' : `Still here: ${sessions.length}.`;
  return `No new sessions are made here; ${clients} sent elsewhere. ${left}`;
}
