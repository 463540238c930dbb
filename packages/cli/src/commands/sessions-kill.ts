import { TermError } from '@triterm/core/errors';
import { listSessions } from '../client/list-sessions.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { parseSignal, SIGNAL_NAMES } from './signal-name.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'End sessions',
    details:
      'Without --signal the program gets what a closed terminal sends (SIGHUP), and SIGKILL five seconds later if it ' +
      'still runs. A session that has ended already is removed from the list.',
    args: [
      {
        name: SESSION_ARGUMENT.name,
        description: SESSION_ARGUMENT.description,
        complete: 'session',
        repeat: true,
      },
    ],
    options: {
      signal: {
        short: 's',
        value: 'SIGNAL',
        description: 'send this signal only, such as TERM or SIGINT',
        complete: SIGNAL_NAMES,
      },
      all: { description: 'all sessions of this server; ended ones are removed' },
      force: {
        description: 'also remove one whose server cannot be reached; what runs there goes on by itself',
      },
      json: { description: 'print the sessions as JSON' },
    },
    examples: [
      ['triterm kill build', 'end the session build'],
      [
        'triterm kill --signal INT build',
        'SIGINT to its program; `triterm send build --keys C-c` presses Ctrl-C',
      ],
      ['triterm kill --all', 'end every session of this server'],
    ],
  },
  async run({ options, args }, context) {
    if (options.all === args.length > 0)
      throw new TermError(
        'USAGE',
        options.all ? '--all names every session already.' : 'SESSION is missing.',
        {
          hint: 'Name the sessions to end, or say --all.',
        },
      );
    const signal = options.signal === undefined ? undefined : parseSignal(options.signal);
    const sessions = await withDaemon(context, async client => {
      const targets = options.all ? (await listSessions(client)).map(session => session.id) : args;
      const killed = [];
      for (const target of targets) {
        const params = {
          target,
          ...(signal === undefined ? {} : { signal }),
          ...(options.force ? { force: true } : {}),
        };
        killed.push((await client.request('session.kill', params)).session);
      }
      return killed;
    });
    if (options.json) createPrinter(context.stdout, context.env).json(sessions);
    return 0;
  },
});
