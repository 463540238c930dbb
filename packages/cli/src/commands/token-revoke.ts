import { plainLine } from '@triterm/core/terminal';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'End a token, and the connections that came with it',
    details: 'They are closed within a second, on every server.',
    args: [{ name: 'ID', description: 'id of a token, or the beginning of one', required: true }],
    options: { json: { description: 'print the token as JSON' } },
    examples: [['triterm token revoke 1f2e3d4c', 'as `triterm token ls` names it']],
  },
  async run({ options, args: [given = ''] }, context) {
    // Who has a token to be rid of may have nothing but the token.
    const [, id = given] = /^trt_([0-9a-f]{8})(?:_|$)/.exec(given) ?? [];
    const { token } = await withDaemon(context, client => client.request('token.revoke', { id }), {
      repeatable: true,
    });
    if (options.json) createPrinter(context.stdout, context.env).json(token);
    else context.stderr.write(`${plainLine(`Revoked token ${token.id} of user ${token.user}.`)}\n`);
    return 0;
  },
});
