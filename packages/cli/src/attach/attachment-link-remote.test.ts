import dns from 'node:dns';
import { resolvePaths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { FrameKind } from '@triterm/core/protocol';
import { Certificates } from '@triterm/core/sandbox/certificates';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RemoteHost } from '../client/remote-host.ts';
import { sessionInfo } from '../testing/session-info.ts';
import { scratchDir } from '../testing/test-context.ts';
import { AttachmentLink } from './attachment-link.ts';
import { AttachServer } from './testing/attach-server.ts';

/** Of a server that is on no loopback address, as far as its client knows. */
const OTHER_NAME = 'server-2.test';

describe('an attachment over a network', () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = new Certificates([`DNS:${OTHER_NAME}`]);
  });
  afterAll(() => certificates.dispose());

  let dir: ReturnType<typeof scratchDir>;
  let servers: AttachServer[];
  let own: AttachServer;
  let other: AttachServer;
  let told: string[];
  let wake: () => void;
  let links: AttachmentLink[];

  beforeEach(async () => {
    dir = scratchDir();
    told = [];
    wake = () => {};
    links = [];
    servers = [await AttachServer.startOverNetwork(), await AttachServer.startOverNetwork(certificates)];
    [own, other] = servers as [AttachServer, AttachServer];
    other.url = other.url.replace('127.0.0.1', OTHER_NAME);
    own.features = [`endpoint:${other.url}`];
    const { lookup } = dns;
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, ...rest: [never, never]) =>
      lookup(name === OTHER_NAME ? '127.0.0.1' : name, ...rest)) as typeof lookup);
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const link of links) link.close();
    for (const server of servers) await server[Symbol.asyncDispose]();
    dir[Symbol.dispose]();
  });

  const tell = (what: string): void => {
    told.push(what);
    wake();
  };

  async function open(): Promise<AttachmentLink> {
    const remote: RemoteHost = {
      name: 'lab',
      url: own.url,
      isExplicit: true,
      token: undefined,
      tokenFile: undefined,
      caFile: certificates.certFile,
    };
    const link = new AttachmentLink(
      {
        paths: resolvePaths({ TRITERM_STATE_DIR: dir.path }, dir.path),
        env: {},
        remote,
        target: 'work',
        attach: { role: 'controller' },
        once: {},
        create: undefined,
        window: () => ({ cols: 80, rows: 24 }),
        colours: () => ({}),
        resume: () => ({ offset: 7, sizeGeneration: 0 }),
      },
      {
        opened: (_reply, isDrawn) => tell(isDrawn ? 'drawn' : 'resumed'),
        data: () => tell('data'),
        resized: () => {},
        role: () => {},
        exited: () => tell('exited'),
        detached: () => tell('detached'),
        requested: ({ deviceName }) => tell(`requested by ${deviceName}`),
        answered: ({ granted }) => tell(`answered ${granted}`),
        renamed: (session, message) => tell(`renamed ${session.name}: ${message}`),
        lost: () => tell('lost'),
        trouble: error => tell(`trouble ${error.code}`),
        waiting: message => tell(`waiting: ${message}`),
        silent: () => tell('silent'),
        back: () => tell('back'),
        failed: error => tell(`failed ${error.code}`),
      },
    );
    links.push(link);
    link.begin(await link.open());
    return link;
  }

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  }

  it('comes back to its own server while that is there', async () => {
    await open();
    own.hangUp();
    await until(() => told.includes('resumed'));
    expect(told).toEqual(['drawn', 'lost', 'resumed']);
    expect(other.attached).toHaveLength(0);
    expect(own.attached[1]?.params).toMatchObject({ target: sessionInfo().id, resume: { offset: 7 } });
  });

  it('goes to another server that its own has told of when that is gone', async () => {
    await open();
    await own[Symbol.asyncDispose]();
    await until(() => told.includes('resumed'));
    expect(told).toEqual(['drawn', 'lost', 'resumed']);
    expect(other.attached[0]?.params).toMatchObject({
      attachment: own.attached[0]?.params.attachment,
      resume: { offset: 7 },
    });
  });

  it('waits on its connection for a session whose server is lost, and goes on from where it was', async () => {
    await open();
    let tries = 0;
    own.answers['session.attach'] = params => {
      tries += 1;
      if (tries < 3) throw new TermError('SERVER_UNREACHABLE', 'server-2 cannot be reached.');
      return own.reply(params as (typeof own.attached)[0]['params']);
    };
    const [first] = own.attached;
    const interrupted = { server: 'server-2', message: 'gone' };
    first?.peer.notify('attachment.interrupted', interrupted, first.channel);
    await until(() => told.includes('resumed'));
    expect(told).toEqual([
      'drawn',
      'waiting: server-2 does not answer; waiting',
      'waiting: server-2 cannot be reached.',
      'waiting: server-2 cannot be reached.',
      'resumed',
    ]);
    expect(own.attached.every(({ stream }) => stream === first?.stream)).toBe(true);
  });

  it('sends what was typed meanwhile to nobody before the session is back', async () => {
    const link = await open();
    own.answers['session.attach'] = () => {
      throw new TermError('SERVER_UNREACHABLE', 'gone');
    };
    const [first] = own.attached;
    first?.peer.notify('attachment.interrupted', { server: 's', message: '' }, first.channel);
    await until(() => told.some(text => text.startsWith('waiting')));
    expect(link.isOpen).toBe(false);
  });

  it('ends when a lost session is not there any more', async () => {
    await open();
    own.answers['session.attach'] = () => {
      throw new TermError('SESSION_LOST', 'It was lost.');
    };
    const [first] = own.attached;
    first?.peer.notify('attachment.interrupted', { server: 's', message: '' }, first.channel);
    await until(() => told.includes('failed SESSION_LOST'));
  });

  it('ends when its token is revoked', async () => {
    await open();
    for (const server of servers)
      server.admit = () => {
        throw new TermError('TOKEN_REVOKED', 'It was revoked.');
      };
    own.hangUp();
    await until(() => told.some(text => text.startsWith('failed')));
    expect(told).toEqual(['drawn', 'lost', 'failed TOKEN_REVOKED']);
  });

  it('goes elsewhere without a word when its server is drained, and attaches there as the same', async () => {
    await open();
    own.attached[0]?.peer.notify('daemon.leaving', { reason: 'drain', elsewhere: [other.url] });
    await until(() => told.includes('resumed'));
    expect(other.attached[0]?.params.attachment).toBe(own.attached[0]?.params.attachment);
    expect(own.attached).toHaveLength(1);
  });

  it('goes elsewhere once it is attached where a drained server said so before', async () => {
    await open();
    const drained = { reason: 'drain', elsewhere: [other.url] };
    own.answers['session.attach'] = (params, { peer }) => {
      peer.notify('daemon.leaving', drained);
      return own.reply(params as (typeof own.attached)[0]['params']);
    };
    own.hangUp();
    await until(() => told.filter(what => what === 'resumed').length === 2);
    expect(told).toEqual(['drawn', 'lost', 'resumed', 'lost', 'resumed']);
    expect(own.attached).toHaveLength(2);
    expect(other.attached).toHaveLength(1);
  });

  it('stays at a drained server that knows no other', async () => {
    await open();
    const [first] = own.attached;
    first?.peer.notify('daemon.leaving', { reason: 'drain', elsewhere: [] });
    first?.peer.writeData(FrameKind.output, first.channel, 0, Buffer.from('x'));
    await until(() => told.includes('data'));
    expect(told).toEqual(['drawn', 'data']);
  });

  it('waits for a server that was stopped, because others start it', async () => {
    await open();
    own.attached[0]?.peer.notify('daemon.leaving', { reason: 'stop' });
    own.hangUp();
    await until(() => told.includes('resumed'));
    expect(told).toEqual(['drawn', 'lost', 'resumed']);
  });

  it('hears of another session that it is attached to, and asks for that one from then on', async () => {
    await open();
    const [first] = own.attached;
    const session = sessionInfo({ id: 'ffffffffffff', name: 'work-orphan' });
    first?.peer.notify('attachment.session', { session, message: 'made anew elsewhere' }, first.channel);
    await until(() => told.length === 2);
    own.hangUp();
    await until(() => told.includes('resumed'));
    expect(told[1]).toBe('renamed work-orphan: made anew elsewhere');
    expect(own.attached[1]?.params.target).toBe('ffffffffffff');
  });

  it('hears of who asks to take over, and what has become of its own asking', async () => {
    await open();
    const [first] = own.attached;
    first?.peer.notify('attachment.requested', { client: 'c', deviceName: 'phone' }, first.channel);
    first?.peer.notify('attachment.answered', { granted: false, message: 'no' }, first.channel);
    await until(() => told.length === 3);
    expect(told.slice(1)).toEqual(['requested by phone', 'answered false']);
  });

  it('asks a silent server for a sign of life, and takes any answer for one', async () => {
    own.answers.ping = () => {
      throw new TermError('UNKNOWN_METHOD', 'Unknown method ping.');
    };
    await open();
    await own.until(() => own.requests.filter(({ method }) => method === 'ping').length === 2);
    expect(told).toEqual(['drawn']);
  });
});
