import { HAND_OVERS, type HandOver, SIZE_POLICIES, type SizePolicy } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { createPrinter } from '../output/printer.ts';
import { changeSession } from './change-session.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Show or set whose window decides the size, and who may take over',
    details:
      'Whose window decides the size: latest: the controller active last (the default). smallest, largest: of all controllers, each ' +
      'side by itself. manual: only `triterm sessions resize`. Viewers never count.\n\n' +
      'What makes another client the primary one (--hand-over): typing: whoever types. explicit: `triterm sessions take`. request: ' +
      'the primary client grants what `triterm sessions request` asks for.\n\n' +
      'Without a policy both are shown on a terminal, and the first one alone into a pipe.',
    args: [SESSION_ARGUMENT, { name: 'POLICY', description: 'the new size policy', choices: SIZE_POLICIES }],
    options: {
      handOver: {
        value: 'POLICY',
        description: `what makes another client the primary one: ${HAND_OVERS.join(', ')}`,
        complete: HAND_OVERS,
      },
      json: { description: 'print {"sizePolicy", "handOver"} as JSON, or the session when one was set' },
    },
    examples: [
      ['triterm sessions policy work', 'show them'],
      ['triterm sessions policy work smallest', 'everybody sees everything'],
      ['triterm sessions policy work --hand-over request', 'nobody takes over unasked'],
    ],
  },
  async run({ options, args: [target = '', policy] }, context) {
    const { handOver } = options;
    if (policy !== undefined || handOver !== undefined) {
      const params = {
        target,
        ...(policy === undefined ? {} : { sizePolicy: policy as SizePolicy }),
        ...(handOver === undefined ? {} : { handOver: parseHandOver(handOver) }),
      };
      return changeSession(context, options.json, 'session.policy', params, result => result.session);
    }
    const shown = await withDaemon(context, client => client.request('session.show', { target }), {
      repeatable: true,
    });
    const printer = createPrinter(context.stdout, context.env);
    if (options.json) {
      printer.json({ sizePolicy: shown.sizePolicy, handOver: shown.handOver });
    } else if (printer.isTerminal) {
      printer.line(`${printer.paint('dim', 'size'.padEnd(12))}${shown.sizePolicy}`);
      printer.line(`${printer.paint('dim', 'hand-over'.padEnd(12))}${shown.handOver}`);
    } else {
      printer.line(shown.sizePolicy);
    }
    return 0;
  },
});

/** Throws USAGE. */
function parseHandOver(text: string): HandOver {
  const policy = HAND_OVERS.find(known => known === text);
  if (policy === undefined)
    throw new TermError('USAGE', `--hand-over takes ${HAND_OVERS.join(', ')}, not ${JSON.stringify(text)}.`);
  return policy;
}
