import { fileURLToPath } from 'node:url';
import { TermError } from '@triterm/core/errors';
import { FrameKind } from '@triterm/core/protocol';
import { PtyTerminal } from '@triterm/core/testing/pty-terminal';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionInfo } from '../testing/session-info.ts';
import { scratchDir } from '../testing/test-context.ts';
import { type Attached, AttachServer } from './testing/attach-server.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

describe('an attached terminal', () => {
  let scratch: ReturnType<typeof scratchDir>;
  let server: AttachServer;
  let terminal: PtyTerminal;
  let attached: Attached;

  const open = (...args: string[]): PtyTerminal =>
    new PtyTerminal({
      file: process.execPath,
      args: ['--conditions=@triterm/source', MAIN, '--host', server.url, 'attach', ...args],
      env: { HOME: scratch.path, PATH: process.env.PATH, TERM: 'xterm-256color' },
      cols: 100,
    });

  beforeEach(async () => {
    scratch = scratchDir();
    server = await AttachServer.startOverNetwork();
    server.afterReply = ({ peer, channel }) => {
      peer.writeData(FrameKind.snapshot, channel, 0, Buffer.from('\x1b[H\x1b[2Jthe screen'));
    };
    terminal = open('main');
    await terminal.untilText('the screen');
    [attached] = server.attached as [Attached];
  });
  afterEach(async () => {
    await terminal[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    scratch[Symbol.dispose]();
  });

  it('says that the session’s server does not answer, until it does', async () => {
    server.answers['session.attach'] = () => {
      throw new TermError('SERVER_UNREACHABLE', 'server-2 cannot be reached.');
    };
    const interrupted = { server: 'server-2', message: 'lost' };
    attached.peer.notify('attachment.interrupted', interrupted, attached.channel);
    await terminal.untilText('server-2 cannot be reached. (C-\\ detaches)');
    expect(terminal.screen.text).toMatch(/detaches\)$/);
    delete server.answers['session.attach'];
    await terminal.until(screen => screen.text === 'the screen');
  });

  it('tells who asks to take over, and how to let them', async () => {
    const asking = { client: 'c1', deviceName: 'phone' };
    attached.peer.notify('attachment.requested', asking, attached.channel);
    await terminal.untilText('phone asks to take over: `triterm sessions grant main`, or type on');
  });

  it('tells what has become of its own asking, for a moment', async () => {
    attached.peer.notify(
      'attachment.answered',
      { granted: false, message: 'laptop says no' },
      attached.channel,
    );
    await terminal.untilText('laptop says no');
    await terminal.until(screen => screen.text === 'the screen');
  });

  it('says that another program runs in its session, and gives it nothing that was typed for the one before', async () => {
    terminal.type('sent');
    await server.until(() => server.input.length === 4);
    server.answers['session.attach'] = () => {
      throw new TermError('SERVER_UNREACHABLE', 'server-2 cannot be reached.');
    };
    const interrupted = { server: 'server-2', message: 'lost' };
    attached.peer.notify('attachment.interrupted', interrupted, attached.channel);
    await terminal.untilText('server-2 cannot be reached.');
    terminal.type('rm y\r');
    // Over the pause between two attempts it is read.
    const attempts = server.attached.length;
    await server.until(() => server.attached.length === attempts + 2);
    server.pty = 'second';
    server.input = Buffer.alloc(0);
    delete server.answers['session.attach'];
    await terminal.untilText(
      'another program runs in this session now; what was typed meanwhile was dropped',
    );
    expect(server.attached.at(-1)?.params.resume).toMatchObject({ pty: 'first' });
    terminal.type('new');
    await server.until(() => server.input.length > 0);
    expect(server.input.toString()).toBe('new');
  });

  it('that gets every byte is told of another program when it is left', async () => {
    await using lossless = open('--lossless', 'main');
    await lossless.untilText('the screen');
    server.pty = 'second';
    server.afterReply = ({ peer, channel }) => {
      peer.writeData(FrameKind.snapshot, channel, 0, Buffer.from('\x1b[H\x1b[2Janother screen'));
    };
    server.hangUp();
    await lossless.until(screen => screen.text === 'another screen');
    lossless.type('\x1c');
    await lossless.untilText('triterm: another program runs in this session now');
  });

  it('tells which session it shows from now on', async () => {
    const session = sessionInfo({ id: 'ffffffffffff', name: 'main-orphan' });
    const message = 'main was made anew elsewhere; this is main-orphan';
    attached.peer.notify('attachment.session', { session, message }, attached.channel);
    await terminal.untilText(message);
  });

  it('sends neither its pid nor what its machine has', async () => {
    expect(attached.params).not.toHaveProperty('pid');
    expect(attached.params).not.toHaveProperty('environment');
    expect(attached.params.deviceId).toMatch(/^[0-9a-f]{32}$/);
  });
});
