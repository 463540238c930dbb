import { SCOPES } from '@triterm/core/domain';
import { plainLine } from '@triterm/core/terminal';
import { createPrinter } from '../output/printer.ts';
import { defineCommand } from './definition.ts';
import { parseExpiryMs } from './expiry.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Make a token that lets somebody in over the network',
    details:
      'Prints it, this once: only its hash is kept. `view` looks on; `use` also makes and uses sessions, which is a ' +
      'shell as the account of the server; `admin` sees all sessions and runs the servers.',
    args: [],
    options: {
      user: { value: 'USER', description: 'whose sessions are meant (default: yours)' },
      scope: { value: 'SCOPE', choices: SCOPES, description: 'what it allows (default: use)' },
      session: { value: 'SESSION', description: 'only this session', complete: 'session' },
      expires: { value: 'WHEN', description: '30d, 12h or 2026-12-31 (default: never)' },
      label: { value: 'TEXT', description: 'what it is for' },
      json: { description: 'print {token, info} as JSON' },
    },
    examples: [
      ['triterm token create --label phone', 'for yourself'],
      ['(umask 077; triterm token create --user ann --expires 30d > ann.token)', 'for somebody else'],
      ['triterm token create --scope view --session work', 'to look on at one session'],
    ],
  },
  async run({ options }, context) {
    const scope = SCOPES.find(known => known === options.scope);
    const params = {
      ...(options.user === undefined ? {} : { user: options.user }),
      ...(scope === undefined ? {} : { scope }),
      ...(options.session === undefined ? {} : { session: options.session }),
      ...(options.expires === undefined ? {} : { expiresInMs: parseExpiryMs(options.expires, Date.now()) }),
      ...(options.label === undefined ? {} : { label: options.label }),
    };
    const made = await withDaemon(context, client => client.request('token.create', params));
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) {
      printer.json(made);
      return 0;
    }
    printer.line(plainLine(made.token));
    const { id, user, scope: given, expiresAt } = made.info;
    const until = expiresAt === null ? '' : `, until ${expiresAt}`;
    context.stderr.write(
      plainLine(`Token ${id} of user ${user} with the scope ${given}${until}. It is shown this once.`) +
        `\n  Use it as TRITERM_TOKEN, or keep it with \`triterm context add\`; \`triterm token revoke ${plainLine(id)}\` ends it.\n`,
    );
    return 0;
  },
});
