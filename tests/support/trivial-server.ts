import type { ChannelEnd } from '../../packages/daemon/src/server/channel-end.ts';
import { listenUnix } from '../../packages/daemon/src/server/listener.ts';
import type { RequestContext } from '../../packages/daemon/src/server/router.ts';
import { ProtocolServer, THROUGH_SOCKET } from '../../packages/daemon/src/server/server.ts';
import { answeringRouter } from '../../packages/daemon/src/server/testing/answering-router.ts';

/**
 * The daemon's server on the socket in argv[2], with nothing behind it: every request is answered with its method, `daemon.status`
 * with the memory in use and what has come, an attachment swallows its input. Says `ready` when it listens.
 */
let typedBytes = 0;
let requests = 0;

function answer(method: string, { connection, channel }: RequestContext): unknown {
  requests += 1;
  if (method === 'daemon.status') return { memoryBytes: process.memoryUsage.rss(), typedBytes, requests };
  if (method !== 'session.attach') return { method };
  connection.add(channel, swallowing());
  return {};
}

function swallowing(): ChannelEnd {
  const nothing = (): undefined => {};
  return {
    input: (_offset, bytes) => {
      typedBytes += bytes.length;
    },
    acknowledged: nothing,
    windowChanged: nothing,
    colours: nothing,
    heard: nothing,
    detach: nothing,
    drop: nothing,
  };
}

const server = new ProtocolServer(answeringRouter(answer));
server.addListener(await listenUnix(process.argv[2] ?? '', socket => server.accept(socket, THROUGH_SOCKET)));
process.stdout.write('ready\n');
