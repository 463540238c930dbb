import type { AttachedChannel } from '../../packages/daemon/src/server/connection.ts';
import { listenUnix } from '../../packages/daemon/src/server/listener.ts';
import { type Handlers, type RequestContext, Router } from '../../packages/daemon/src/server/router.ts';
import { ProtocolServer } from '../../packages/daemon/src/server/server.ts';

/**
 * The daemon's server on the socket in argv[2], with nothing behind it: every request is answered with its method, `daemon.status`
 * with the memory in use and what has come, an attachment swallows its input. Says `ready` when it listens.
 */
let typedBytes = 0;
let requests = 0;

const special: Partial<Record<string, (params: unknown, context: RequestContext) => unknown>> = {
  'daemon.status': () => ({ memoryBytes: process.memoryUsage.rss(), typedBytes, requests }),
  'session.attach': (_params, { connection, channel }) => {
    connection.add(channel, swallowing());
    return {};
  },
};

const handlers = new Proxy({} as Handlers, {
  get: (_target, method) => {
    requests += 1;
    return special[String(method)] ?? (() => ({ method }));
  },
});

function swallowing(): AttachedChannel {
  const attachment = { id: '', state: 'live', primary: true, acknowledged() {} };
  const nothing = (): void => {};
  return {
    attachment,
    session: { active: nothing, emit: nothing },
    live: {
      attachments: new Set([attachment]),
      typed: nothing,
      windowChanged: nothing,
      setColours: nothing,
      detach: nothing,
    },
    input: {
      write: (_offset: number, bytes: Uint8Array) => {
        typedBytes += bytes.length;
      },
      close: nothing,
    },
  } as unknown as AttachedChannel;
}

const server = new ProtocolServer(new Router(handlers));
server.addListener(await listenUnix(process.argv[2] ?? '', socket => server.accept(socket)));
process.stdout.write('ready\n');
