import { changeSession } from './change-session.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { parseSize } from './option-values.ts';

export const command = defineCommand({
  spec: {
    summary: "Set a session's size",
    details:
      'It holds until a client decides otherwise; `triterm sessions policy SESSION manual` makes it stay.',
    args: [SESSION_ARGUMENT, { name: 'COLSxROWS', description: 'the size, such as 120x40', required: true }],
    options: { json: { description: 'print the session as JSON' } },
    examples: [['triterm sessions resize work 120x40', '120 columns, 40 rows']],
  },
  async run({ options, args: [target = '', size = ''] }, context) {
    const params = { target, size: parseSize(size) };
    return changeSession(context, options.json, 'session.resize', params, result => result.session);
  },
});
