import { changeSession } from './change-session.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Make a client the primary one',
    details:
      "The primary client's window decides the size under the policy `latest`. Without --client: the one active last. Where the " +
      'hand-over policy is `request`, the primary client is asked instead: `triterm sessions request`.',
    args: [SESSION_ARGUMENT],
    options: {
      client: { value: 'CLIENT', description: 'which; see `triterm sessions show SESSION`' },
      json: { description: 'print the session as JSON' },
    },
    examples: [['triterm sessions take work --client 3f2a', 'hand over to this client']],
  },
  run({ options, args: [target = ''] }, context) {
    const params = options.client === undefined ? { target } : { target, client: options.client };
    return changeSession(context, options.json, 'session.take', params, result => result.session);
  },
});
