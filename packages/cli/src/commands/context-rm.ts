import { changeContexts } from '../client/change-contexts.ts';
import { contextNotFound } from '../client/remote-host.ts';
import { CONTEXT_ARGUMENT, defineCommand } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Forget a server, and the token for it',
    details: 'The token stays valid; `triterm token revoke` ends it.',
    args: [CONTEXT_ARGUMENT],
    options: {},
    hostless: true,
    examples: [['triterm context rm lab', 'it can be added again']],
  },
  async run({ args: [name = ''] }, context) {
    await changeContexts(context.paths.contextsFile, ({ current, byName }) => {
      if (!byName.has(name)) throw contextNotFound(name, [...byName.keys()]);
      if (current === name)
        context.stderr.write('It was the current one; commands go to this machine now.\n');
      return {
        current: current === name ? undefined : current,
        byName: new Map([...byName].filter(([kept]) => kept !== name)),
      };
    });
    return 0;
  },
});
