import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { decodeControl, FrameDecoder, FrameKind } from '@triterm/core/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dial } from './testing/host-client.ts';
import { HostProcess } from './testing/host-process.ts';
import { until } from './testing/until.ts';

interface Golden {
  readonly name: string;
  readonly hex: string;
}

interface Reply {
  readonly id?: number;
  readonly welcome?: { protocol: number };
  readonly error?: { code: string };
}

/** In the order of a life: the fixtures name one PTY, one stream and one input. */
const CONTROL_FRAMES = [
  'request claim',
  'request list',
  'request spawn',
  'request subscribe',
  'command credit',
  'command flow',
  'command checkpoint',
  'checkpoint',
  'request input.open',
  'input',
  'command answer',
  'request resize',
  'request input.close',
  'request unsubscribe',
  'request signal',
  'request forget',
  'request list',
];

for (const version of ['v1']) {
  const file = new URL(`../../../core/src/protocol/fixtures/${version}/pty-host.json`, import.meta.url);
  const goldens: Golden[] = JSON.parse(readFileSync(file, 'utf8'));

  const bytesOf = (name: string): Buffer => {
    const golden = goldens.find(each => each.name === name);
    if (golden === undefined) throw new Error(`no golden frame: ${name}`);
    return Buffer.from(golden.hex, 'hex');
  };

  describe(`a daemon that speaks as the first of protocol ${version} did`, () => {
    let host: HostProcess;
    const sockets: Socket[] = [];

    beforeEach(async () => {
      host = await HostProcess.start();
    });
    afterEach(async () => {
      for (const socket of sockets.splice(0)) socket.destroy();
      await host.dispose();
      expect(host.stderr).toBe('');
    });

    async function open(hello: string): Promise<{ socket: Socket; replies: Reply[] }> {
      const socket = await dial(host.socketPath);
      sockets.push(socket);
      const replies: Reply[] = [];
      const decoder = new FrameDecoder();
      socket.on('error', () => {});
      socket.on('data', chunk => {
        for (const frame of decoder.push(chunk))
          if (frame.kind === FrameKind.control) replies.push(decodeControl(frame) as Reply);
      });
      socket.write(bytesOf(hello));
      await until(() => replies.length > 0, 'a welcome');
      expect(replies[0]?.welcome?.protocol).toBe(Number(version.slice(1)));
      return { socket, replies };
    }

    it('is served in everything that it asks', async () => {
      const { socket, replies } = await open('hello');
      const output = await open('hello of the output connection');
      socket.write(Buffer.concat(CONTROL_FRAMES.map(bytesOf)));
      const asked = CONTROL_FRAMES.filter(name => name.startsWith('request')).length;
      await until(
        () => replies.length > asked,
        () => `${asked} replies, not ${JSON.stringify(replies)}`,
      );
      // Its program may have ended before it is signalled.
      const errors = replies.flatMap(({ error }) => error?.code ?? []);
      expect(errors.filter(code => code !== 'SESSION_EXITED')).toEqual([]);
      expect([socket.destroyed, output.socket.destroyed]).toEqual([false, false]);
      socket.write(bytesOf('request retire'));
      expect(await host.exited()).toBe(0);
    });
  });
}
