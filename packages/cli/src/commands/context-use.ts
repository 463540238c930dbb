import { changeContexts } from '../client/change-contexts.ts';
import { LOCAL_HOST } from '../client/contexts-file.ts';
import { findContext } from './context-record.ts';
import { CONTEXT_ARGUMENT, defineCommand } from './definition.ts';

export const command = defineCommand({
  spec: {
    summary: 'Choose the server that commands go to',
    details: '`local` is the daemon of this machine. --host and TRITERM_HOST win over it.',
    args: [CONTEXT_ARGUMENT],
    options: {},
    hostless: true,
    examples: [
      ['triterm context use prod', 'from now on `triterm ls` lists the sessions there'],
      ['triterm context use local', 'and here again'],
    ],
  },
  async run({ args: [wanted = ''] }, context) {
    await changeContexts(context.paths.contextsFile, contexts => {
      const { name } = findContext(contexts, wanted);
      return { ...contexts, current: name === LOCAL_HOST ? undefined : name };
    });
    return 0;
  },
});
