import { changeSession } from './change-session.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Give a session another name',
    args: [SESSION_ARGUMENT, { name: 'NAME', description: 'the new name', required: true }],
    options: { json: { description: 'print the session as JSON' } },
    examples: [['triterm sessions rename main work', 'main is called work from here on']],
  },
  run: ({ options, args: [target = '', name = ''] }, context) =>
    changeSession(context, options.json, 'session.rename', { target, name }, result => result.session),
});
