import { resolvePaths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { decodeData, FrameKind } from '@triterm/core/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionInfo } from '../testing/session-info.ts';
import { scratchDir } from '../testing/test-context.ts';
import { AttachmentLink } from './attachment-link.ts';
import type { AttachmentLinkOptions } from './link-contract.ts';
import { AttachServer } from './testing/attach-server.ts';

describe('AttachmentLink', () => {
  let dir: ReturnType<typeof scratchDir>;
  let server: AttachServer;
  let told: string[];
  let wake: () => void;
  let window: { cols: number; rows: number };
  let resume: { offset: number; sizeGeneration: number } | undefined;
  let links: AttachmentLink[];

  beforeEach(async () => {
    dir = scratchDir();
    told = [];
    wake = () => {};
    links = [];
    window = { cols: 80, rows: 24 };
    resume = { offset: 7, sizeGeneration: 3 };
    server = await AttachServer.start(resolvePaths({ TRITERM_STATE_DIR: dir.path }, dir.path));
  });

  afterEach(async () => {
    for (const link of links) link.close();
    await server[Symbol.asyncDispose]();
    dir[Symbol.dispose]();
  });

  function newLink(options: Partial<AttachmentLinkOptions> = {}): AttachmentLink {
    const env = { TRITERM_STATE_DIR: dir.path };
    const tell = (what: string): void => {
      told.push(what);
      wake();
    };
    const link = new AttachmentLink(
      {
        paths: resolvePaths(env, dir.path),
        env,
        remote: undefined,
        target: 'work',
        attach: { role: 'controller', lossless: false, historyLines: 10, environment: { A: 'b' } },
        once: { take: true, detachOthers: true },
        create: undefined,
        window: () => window,
        colours: () => ({}),
        resume: () => resume,
        ...options,
      },
      {
        opened: (_reply, isDrawn) => tell(isDrawn ? 'drawn' : 'resumed'),
        data: frame => tell(`${frame.kind === FrameKind.ack ? 'ack' : decodeData(frame).bytes.toString()}`),
        resized: ({ cols }) => tell(`resized ${cols}`),
        role: ({ primary }) => tell(`primary ${primary}`),
        exited: ({ exitCode }) => tell(`exited ${exitCode}`),
        detached: ({ reason }) => tell(`detached ${reason}`),
        requested: ({ deviceName }) => tell(`requested ${deviceName}`),
        answered: ({ granted }) => tell(`answered ${granted}`),
        renamed: (session, message) => tell(`renamed ${session.name}: ${message}`),
        waiting: message => tell(`waiting: ${message}`),
        lost: () => tell('lost'),
        trouble: error => tell(`trouble ${error.code}`),
        silent: () => tell('silent'),
        back: () => tell('back'),
        failed: error => tell(`failed ${error.code}`),
      },
    );
    links.push(link);
    return link;
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  }

  async function open(options: Partial<AttachmentLinkOptions> = {}): Promise<AttachmentLink> {
    const link = newLink(options);
    link.begin(await link.open());
    return link;
  }

  it('asks once to take and to be alone, and comes back as the same attachment from where it was', async () => {
    await open();
    server.hangUp();
    await until(() => told.includes('resumed'));
    expect(told).toEqual(['drawn', 'lost', 'resumed']);
    const [first, second] = server.attached.map(({ params }) => params);
    expect(first).toMatchObject({ target: 'work', take: true, detachOthers: true, window, historyLines: 10 });
    expect(first?.resume).toBeUndefined();
    expect(second).toMatchObject({
      target: sessionInfo().id,
      attachment: first?.attachment,
      resume: { offset: 7, sizeGeneration: 3, repaint: false },
      environment: { A: 'b' },
    });
    expect(second?.take).toBeUndefined();
    expect(second?.detachOthers).toBeUndefined();
  });

  it('tells nothing of an attachment before it has told that it is open', async () => {
    server.afterReply = ({ peer, channel }) => {
      peer.notify('attachment.role', { role: 'controller', primary: true }, channel);
      peer.writeData(FrameKind.snapshot, channel, 0, Buffer.from('screen'));
    };
    const link = newLink();
    const reply = await link.open();
    // When this is answered, what was sent before has come.
    await new Promise(resolve => setImmediate(resolve));
    await server.attached[0]?.peer.request('ping', {}).catch(() => {});
    expect(told).toEqual([]);
    link.begin(reply);
    await until(() => told.includes('screen'));
    expect(told).toEqual(['drawn', 'primary true', 'screen']);
  });

  it('does not listen to an attachment that was given up', async () => {
    const link = await open();
    const [first] = server.attached;
    server.answers['session.attach'] = (params, { peer }) => {
      peer.writeData(FrameKind.output, first?.channel ?? 0, 0, Buffer.from('old'));
      return server.reply(params as (typeof server.attached)[0]['params']);
    };
    server.afterReply = () => {};
    link.repaint();
    await server.until(() => server.attached.length === 2);
    const second = server.attached[1];
    expect(second?.channel).not.toBe(first?.channel);
    expect(second?.params.resume).toEqual({ offset: 7, sizeGeneration: 3, repaint: true });
    await until(() => told.filter(what => what === 'drawn').length === 2);
    second?.peer.writeData(FrameKind.output, second.channel, 0, Buffer.from('new'));
    await until(() => told.includes('new'));
    expect(told).toEqual(['drawn', 'drawn', 'new']);
  });

  it('has a spoilt screen drawn when it comes back, and a repair put off', async () => {
    const link = await open();
    link.spoil();
    server.hangUp();
    await until(() => told.length === 3);
    expect(told).toEqual(['drawn', 'lost', 'drawn']);
    server.hangUp();
    link.repair();
    await until(() => told.length === 5);
    expect(told.slice(3)).toEqual(['lost', 'resumed']);
  });

  it('sends a size that changed while it was attaching, and every later one', async () => {
    const link = newLink();
    const reply = await link.open();
    window = { cols: 100, rows: 30 };
    link.begin(reply);
    await server.until(() => server.notifications.length === 1);
    link.resize({ cols: 101, rows: 31 });
    await server.until(() => server.notifications.length === 2);
    expect(server.notifications.map(({ params }) => params)).toEqual([window, { cols: 101, rows: 31 }]);
  });

  it('does not come back to a daemon that was stopped on purpose', async () => {
    await open();
    server.attached[0]?.peer.notify('daemon.leaving', { reason: 'stop' });
    server.attached[0]?.peer.close();
    await until(() => told.length === 3);
    expect(told).toEqual(['drawn', 'lost', 'failed DAEMON_STOPPED']);
    expect(server.attached).toHaveLength(1);
  });

  it('gives up where the session is not there any more', async () => {
    await open();
    server.answers['session.attach'] = () => {
      throw new TermError('SESSION_NOT_FOUND', 'There is no session work.');
    };
    server.hangUp();
    await until(() => told.length === 3);
    expect(told).toEqual(['drawn', 'lost', 'failed SESSION_NOT_FOUND']);
  });

  it('tries again where the daemon was just leaving', async () => {
    let tries = 0;
    server.answers['session.attach'] = params => {
      tries += 1;
      if (tries < 3) throw new TermError('SHUTTING_DOWN', 'tritermd is leaving.');
      return server.reply(params as (typeof server.attached)[0]['params']);
    };
    await open();
    expect(tries).toBe(3);
  });

  describe('with a session to make', () => {
    const create = { cwd: '/tmp', environment: {} };
    const fails = (code: 'SESSION_NOT_FOUND' | 'SESSION_LOST' | 'NAME_TAKEN') => () => {
      throw new TermError(code, code);
    };
    const methods = () => server.requests.map(({ method }) => method);
    /** Fails, or answers in another way, the first time. */
    function onceAttach(answer: () => unknown): void {
      server.answers['session.attach'] = () => {
        delete server.answers['session.attach'];
        return answer();
      };
    }

    it('makes it where there is none', async () => {
      onceAttach(fails('SESSION_NOT_FOUND'));
      await open({ create });
      expect(methods()).toEqual(['session.attach', 'session.create', 'session.attach']);
      expect(server.requests[1]?.params).toMatchObject({ name: 'work', cwd: '/tmp', size: window });
    });

    it('attaches to what somebody else has made meanwhile', async () => {
      onceAttach(fails('SESSION_NOT_FOUND'));
      server.answers['session.create'] = fails('NAME_TAKEN');
      await open({ create });
      expect(methods()).toEqual(['session.attach', 'session.create', 'session.attach']);
    });

    it('makes another of the name of one that has ended', async () => {
      onceAttach(() => ({
        ...server.reply({} as never),
        session: sessionInfo({ name: 'ended', state: 'exited' }),
      }));
      await open({ create });
      expect(server.requests[1]).toMatchObject({ method: 'session.create', params: { name: 'ended' } });
    });

    it('recreates one that was lost', async () => {
      onceAttach(fails('SESSION_LOST'));
      await open({ create });
      expect(methods()).toEqual(['session.attach', 'session.recreate', 'session.attach']);
    });

    it('makes nothing when it is not asked to', async () => {
      onceAttach(fails('SESSION_NOT_FOUND'));
      await expect(newLink().open()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
      expect(methods()).toEqual(['session.attach']);
    });
  });
});
