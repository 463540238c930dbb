import { newToken } from '@triterm/core/domain';
import { createPrinter } from '../output/printer.ts';
import { clientEnvironment } from './client-environment.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { requireTerminalUnless } from './require-terminal.ts';
import { startSize } from './start-size.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Start a session anew that is lost',
    details:
      'The command runs again where it ran, with the labels and below the old scrollback, and you are attached to it. One ' +
      'whose server cannot be reached starts on the server that is asked: only if that host is known to have been ' +
      'rebooted, or with --force. Should the old one still run, it becomes a session of its own when its server is back.',
    args: [SESSION_ARGUMENT],
    options: {
      force: { short: 'f', description: 'also if its server may be alive' },
      detach: { short: 'd', description: 'do not attach; print the id' },
      json: { description: 'print the session as JSON, with -d' },
    },
    examples: [
      ['triterm sessions recreate work', 'after a reboot'],
      [
        'triterm sessions recreate -d --force build',
        'on this server, because the other one is gone for good',
      ],
    ],
  },
  async run({ options, args: [target = ''] }, context) {
    requireTerminalUnless(options, context);
    const environment = clientEnvironment(context.env, context.remote !== undefined);
    const params = {
      target,
      environment,
      ...startSize(undefined, context),
      ...(options.force ? { force: true } : {}),
      idempotencyKey: newToken(),
    };
    const { session } = await withDaemon(context, client => client.request('session.recreate', params), {
      // The idempotency key makes a repetition return what the first call made.
      repeatable: true,
    });
    if (!options.detach) {
      const { attachTo } = await import('./attach.ts');
      return attachTo(session.id, context);
    }
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) printer.json(session);
    else printer.line(session.id);
    return 0;
  },
});
