import { toJson } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { followEvents } from './event-stream.ts';

export const command = defineCommand({
  spec: {
    summary: 'Print what happens, as JSON lines',
    details:
      'Each line is {type, at, session, name, server, data}; types: created attached detached resized renamed title cwd bell ' +
      'notification commandStarted commandFinished exited lost removed deviceJoined deviceLeft primaryChanged primaryRequested moved ' +
      'orphaned; and of a server: serverGone serverBack cacheMode. It goes on until Ctrl-C, or until the daemon ' +
      'is stopped; after a restart of the daemon it goes on by itself.',
    args: [],
    options: {
      all: { short: 'a', description: 'of all servers' },
      session: { short: 's', value: 'SESSION', description: 'of this session only', complete: 'session' },
      json: { description: 'as it always is' },
    },
    examples: [
      ['triterm events', 'of all sessions of this server'],
      ['triterm events --all', 'of all servers'],
      ['triterm events --session build | jq -c \'select(.type == "exited")\'', 'when it ends'],
    ],
  },
  async run({ options }, context) {
    let isBack = false;
    await followEvents({
      paths: context.paths,
      env: context.env,
      remote: context.remote,
      all: options.all,
      ...(options.session === undefined ? {} : { target: options.session }),
      connected: () => {
        if (isBack) context.stderr.write('triterm: the connection was lost; events may have been missed\n');
        isBack = true;
      },
      event: event => context.stdout.write(`${toJson(event, false)}\n`),
    });
    return 0;
  },
});
