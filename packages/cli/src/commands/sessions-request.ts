import { deviceId } from '../attach/device-id.ts';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

export const command = defineCommand({
  spec: {
    summary: 'Ask to be the primary client',
    details:
      'The primary client is told who asks, and `triterm sessions grant` hands over. Where there is no primary client, the one that asks ' +
      'is it at once. A request that nobody answers lapses after 30 seconds. Without --client: the client of this device that was ' +
      'active last.',
    args: [SESSION_ARGUMENT],
    options: {
      client: { value: 'CLIENT', description: 'which; see `triterm sessions show SESSION`' },
      json: { description: 'print {"session", "client", "state": "asked" or "granted"} as JSON' },
    },
    examples: [['triterm sessions request work', 'ask for this terminal, attached in another window']],
  },
  async run({ options, args: [target = ''] }, context) {
    const asker = options.client === undefined ? await ownDevice(context) : { client: options.client };
    const result = await withDaemon(context, client =>
      client.request('session.request', { target, ...asker }),
    );
    if (options.json) createPrinter(context.stdout, context.env).json(result);
    else context.stderr.write(result.state === 'asked' ? ASKED : GRANTED);
    return 0;
  },
});

const ASKED = 'The primary client was asked.\n';
const GRANTED = 'There was no other primary client; this one is it now.\n';

async function ownDevice({
  paths,
}: {
  readonly paths: Parameters<typeof deviceId>[0];
}): Promise<{ deviceId?: string }> {
  const id = await deviceId(paths);
  return id === undefined ? {} : { deviceId: id };
}
