import { setImmediate as turn } from 'node:timers/promises';
import { SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { FrameKind } from '@triterm/core/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Located } from './cluster.ts';
import { RelayedClient, type RelayedClientOptions, ScriptedOwner, there } from './testing/relayed-client.ts';

const MIB = 1024 * 1024;

let owner: ScriptedOwner;
const clients: RelayedClient[] = [];
beforeEach(() => {
  owner = new ScriptedOwner();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  owner.vanish();
  vi.useRealTimers();
});

async function client(options: RelayedClientOptions = {}): Promise<RelayedClient> {
  const opened = await RelayedClient.open({ call: owner.call, ...options });
  clients.push(opened);
  return opened;
}

/** Until everything that was sent has arrived. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 8; turns += 1) await turn();
}

describe('a request for a session of another server', () => {
  it('comes to that server on behalf of who asked, and its result comes back', async () => {
    const seen: unknown[] = [];
    owner.answers = (_method, params) => {
      seen.push(params);
      return { session: 'as it is' };
    };
    const principal = { ...SOCKET_OWNER, userId: 'ada', scope: 'use' } as const;
    const own = await client({ principal });
    expect(await own.request('session.show', { target: 'abcd00000000', deviceId: 'd' })).toEqual({
      session: 'as it is',
    });
    expect(seen).toEqual([{ target: 'abcd00000000', deviceId: 'd' }]);
    expect(owner.calls).toMatchObject([{ server: 'b', url: 'wss://b:7000', principal }]);
  });

  it('shares one connection with the others of its client, and has another one than other clients', async () => {
    const [one, two] = [await client(), await client()];
    await Promise.all([one.request('session.show'), one.request('session.show'), one.attach()]);
    await two.request('session.show');
    expect(owner.calls).toHaveLength(2);
  });

  it('is refused in the words of that server', async () => {
    const error = new TermError('READ_ONLY', 'No.', { hint: 'Do not.', details: { why: 1 } });
    owner.answers = () => {
      throw error;
    };
    const thrown = await (await client()).request('session.take').catch((each: TermError) => each);
    expect((thrown as TermError).toWire()).toEqual(error.toWire());
  });

  it.each([
    ['the servers share no secret', { call: undefined }, /clusterSecret/],
    ['the owner tells no address', { located: there('b', { advertiseUrl: null }) }, /advertiseUrl/],
    [
      'its address is that of another host’s loopback',
      { located: there('b', { advertiseUrl: 'ws://127.0.0.1:7443', hostId: 'another' }) },
      /`advertiseUrl`/,
    ],
    ['nobody knows the owner', { located: { ...there('b'), server: undefined } }, /no server of this name/],
  ])('fails at once when %s', async (_what, options, message) => {
    await expect((await client(options)).request('session.show')).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringMatching(message),
    });
    expect(owner.calls).toEqual([]);
  });

  it('names the server that is not there, and since when, tells why in the log only, and does not try it twice', async () => {
    owner.refuses = new TermError('SERVER_UNREACHABLE', 'Cannot connect to 10.0.0.1:7443.');
    const own = await client({ located: there('b', { alive: false, unreachableSince: 0 }) });
    await expect(own.request('session.show')).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message:
        "Server b, which has session work, can't be reached. It has been gone since 1970-01-01T00:00:00.000Z.",
      details: { server: 'b', unreachableSince: '1970-01-01T00:00:00.000Z' },
    });
    expect(own.logged).toEqual(['b: Cannot connect to 10.0.0.1:7443.']);
    expect(owner.calls).toHaveLength(1);
  });

  it('passes on what the owner says of the client itself', async () => {
    owner.refuses = new TermError('TOKEN_REVOKED', 'It was revoked.');
    await expect((await client()).request('session.show')).rejects.toMatchObject({ code: 'TOKEN_REVOKED' });
  });

  it('goes to where the session is now when it is not where it was', async () => {
    owner.refuses = new TermError('SERVER_UNREACHABLE', 'Connection refused.');
    const locateAgain = vi.fn(async (): Promise<Located> => {
      owner.refuses = undefined;
      return there('c');
    });
    const own = await client({ locateAgain });
    await own.request('session.rename');
    expect(owner.calls.map(({ url }) => url)).toEqual(['wss://b:7000', 'wss://c:7000']);
    expect(locateAgain).toHaveBeenCalledExactlyOnceWith('abcd00000000');
  });

  it('without TLS waits for its lease, goes on over a connection that stands, and comes back with the lease', async () => {
    const alive = there('b', { advertiseUrl: 'ws://127.0.0.1:7443' });
    const lapsed = there('b', { advertiseUrl: 'ws://127.0.0.1:7443', alive: false });
    const own = await client({ located: alive });
    await own.request('session.show');
    own.located = lapsed;
    await own.request('session.show');
    owner.vanish();
    await settled();
    await expect(own.request('session.show')).rejects.toThrow(/its lease has lapsed/);
    expect(owner.calls).toHaveLength(1);
    const again = await client({ located: lapsed, locateAgain: async () => alive });
    await again.request('session.show');
    expect(owner.calls).toHaveLength(2);
  });

  it.each(['SESSION_MOVED', 'SESSION_NOT_FOUND'] as const)(
    'looks again when the owner says %s',
    async code => {
      owner.answers = () => {
        if (owner.calls.length === 1) throw new TermError(code, 'Not here.');
        return 'there';
      };
      const own = await client({ locateAgain: async () => there('c') });
      expect(await own.request('session.rename')).toBe('there');
    },
  );

  it('is answered here when the session has come here', async () => {
    owner.answers = () => {
      throw new TermError('SESSION_MOVED', 'Not here.');
    };
    const own = await client({ locateAgain: async () => ({ where: 'here', session: {} as never }) });
    expect(await own.request('session.rename')).toBe('here');
  });

  it('is not repeated at a server that does not have it and is said to', async () => {
    owner.answers = () => {
      throw new TermError('SESSION_NOT_FOUND', 'There is no session abcd00000000.');
    };
    const own = await client();
    await expect(own.request('session.rename')).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
      message: 'There is no session work.',
    });
    expect(owner.told).toEqual(['session.rename 0']);
  });
});

describe('a request whose server is lost before it has answered', () => {
  const losing = (times: number) => {
    let lost = 0;
    owner.answers = () => {
      lost += 1;
      if (lost > times) return 'done';
      owner.vanish();
      return new Promise(() => {});
    };
  };

  it.each([
    ['reads', 'session.show', {}],
    ['attaches', 'session.attach', {}],
    ['has a key', 'session.send', { idempotencyKey: 'k' }],
  ])('is repeated once when it %s', async (_what, method, params) => {
    losing(1);
    expect(await (await client()).request(method, params)).toBe('done');
    expect(owner.calls).toHaveLength(2);
  });

  it.each([
    ['reads', 'session.show', {}, 'SERVER_UNREACHABLE', 2],
    ['changes something', 'session.rename', {}, 'OUTCOME_UNKNOWN', 1],
    ['has a key', 'session.send', { idempotencyKey: 'k' }, 'OUTCOME_UNKNOWN', 2],
    ['runs a command', 'session.run', { idempotencyKey: 'k' }, 'OUTCOME_UNKNOWN', 1],
  ])('fails when it %s', async (_what, method, params, code, calls) => {
    losing(9);
    await expect((await client()).request(method, params)).rejects.toMatchObject({ code });
    expect(owner.calls).toHaveLength(calls);
  });

  it('may have been done, also where the second time nobody is reached', async () => {
    owner.answers = () => {
      owner.refuses = new TermError('SERVER_UNREACHABLE', 'Connection refused.');
      owner.vanish();
      return new Promise(() => {});
    };
    const own = await client({ locateAgain: async () => there('b', { incarnation: 2 }) });
    await expect(own.request('session.send', { idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: 'Server b, which has session work, has not answered session.send.',
    });
    expect(own.logged.at(-1)).toBe('b: Connection refused.');
  });

  it('is repeated where it was while the store can not be asked', async () => {
    losing(1);
    const own = await client({
      locateAgain: async () => {
        throw new TermError('STORE_UNAVAILABLE', 'The database is away.');
      },
    });
    expect(await own.request('session.show')).toBe('done');
  });
});

describe('an attachment through another server', () => {
  it('carries frames both ways under its channel’s number', async () => {
    const own = await client();
    await own.attach(5);
    own.peer.writeData(FrameKind.input, 5, 3, Buffer.from('ls'));
    own.peer.writeAck(5, 2 ** 33, 2);
    own.peer.notify('attachment.resize', { cols: 80, rows: 24 }, 5);
    own.peer.notify('attachment.colours', { cursor: 'rgb:f/0/0' }, 5);
    owner.peer.writeData(FrameKind.snapshot, 5, 10, Buffer.from('screen'));
    owner.peer.writeData(FrameKind.output, 5, 10, Buffer.from('more'));
    owner.peer.writeAck(5, 5, 0);
    owner.peer.notify('session.resized', { cols: 1 }, 5);
    await settled();
    expect(owner.told).toEqual([
      'session.attach 5',
      'input 5 3 ls',
      `ack 5 ${2 ** 33} 2`,
      'attachment.resize 5 {"cols":80,"rows":24}',
      'attachment.colours 5 {"cursor":"rgb:f/0/0"}',
    ]);
    expect(own.told).toEqual([
      'reply 5',
      'snapshot 5 10 screen',
      'output 5 10 more',
      'ack 5 5 0',
      'session.resized 5 {"cols":1}',
    ]);
  });

  it('begins with its reply, though the owner sends its screen right behind', async () => {
    owner.answers = (_method, _params, channel, peer) => {
      setImmediate(() => {
        peer.writeData(FrameKind.snapshot, channel, 1, Buffer.from('screen'));
        peer.notify('session.exited', { exitCode: 0 }, channel);
      });
      return {};
    };
    const own = await client();
    // Reply and screen arrive in one piece.
    await own.request('session.show');
    owner.streams[0]?.pause();
    const attached = own.attach(1);
    await settled();
    owner.streams[0]?.resume();
    await attached;
    await settled();
    expect(own.told.slice(1)).toEqual(['reply 1', 'snapshot 1 1 screen', 'session.exited 1 {"exitCode":0}']);
  });

  it('gets what belonged to the one before it on its channel before its reply', async () => {
    const own = await client();
    await own.attach(1);
    await settled();
    owner.answers = (_method, _params, channel, peer) => {
      peer.writeData(FrameKind.output, channel, 0, Buffer.from('old'));
      setImmediate(() => peer.writeData(FrameKind.output, channel, 0, Buffer.from('new')));
      return {};
    };
    await own.attach(1);
    await settled();
    expect(own.told).toEqual(['reply 1', 'output 1 0 old', 'reply 1', 'output 1 0 new']);
    expect(owner.told).toEqual(['session.attach 1', 'session.attach 1']);
  });

  it('stays as it is when attaching again is refused', async () => {
    const own = await client();
    await own.attach(1);
    owner.answers = () => {
      throw new TermError('TOO_MANY_CLIENTS', 'No more.');
    };
    await expect(own.attach(1)).rejects.toMatchObject({ code: 'TOO_MANY_CLIENTS' });
    owner.peer.writeData(FrameKind.output, 1, 0, Buffer.from('on'));
    await settled();
    expect(own.told.at(-1)).toBe('output 1 0 on');
  });

  it('is let go by the owner before its detach is answered', async () => {
    const own = await client();
    await own.attach(1);
    let letGo: (result: object) => void = () => {};
    owner.answers = () =>
      new Promise(resolve => {
        letGo = resolve;
      });
    const detached = own.request('attachment.detach', {}, 1);
    await settled();
    expect(owner.told).toEqual(['session.attach 1', 'attachment.detach 1']);
    expect(own.told).toEqual(['reply 1']);
    letGo({});
    await detached;
    expect(own.connection.ends().has(1)).toBe(false);
    owner.peer.writeData(FrameKind.output, 1, 0, Buffer.from('late'));
    await settled();
    expect(own.told).toEqual(['reply 1', 'reply 1']);
  });

  it('is let go when its channel is used for a session of yet another server', async () => {
    const own = await client();
    await own.attach(1);
    own.located = there('c');
    await own.attach(1);
    await settled();
    expect(owner.told.toSorted()).toEqual(['attachment.detach 1', 'session.attach 1', 'session.attach 1']);
    const [b, c] = owner.peers;
    b?.writeData(FrameKind.output, 1, 0, Buffer.from('stale'));
    c?.writeData(FrameKind.output, 1, 0, Buffer.from('of c'));
    await settled();
    expect(own.told).toEqual(['reply 1', 'reply 1', 'output 1 0 of c']);
  });

  it('is interrupted when the owner is lost, and can be attached again on its connection', async () => {
    const own = await client();
    await Promise.all([own.attach(1), own.attach(2)]);
    owner.vanish();
    await settled();
    expect(own.told.slice(2).map(line => line.split('"message"')[0])).toEqual([
      'attachment.interrupted 1 {"server":"b",',
      'attachment.interrupted 2 {"server":"b",',
    ]);
    own.peer.writeData(FrameKind.input, 1, 0, Buffer.from('lost'));
    await own.attach(1);
    own.peer.writeData(FrameKind.input, 1, 0, Buffer.from('again'));
    expect(await own.request('attachment.detach', {}, 2)).toEqual({});
    await settled();
    expect(owner.told).toEqual([
      'session.attach 1',
      'session.attach 2',
      'session.attach 1',
      'input 1 0 again',
    ]);
  });

  it('ends with its client, whose last input still arrives', async () => {
    const own = await client();
    await own.attach(1);
    owner.ends[0]?.pause();
    own.peer.writeData(FrameKind.input, 1, 0, Buffer.alloc(MIB));
    own.peer.writeData(FrameKind.input, 1, MIB, Buffer.from('exit'));
    own.peer.close();
    await expect.poll(() => own.connection.gone.aborted).toBe(true);
    owner.ends[0]?.resume();
    await expect.poll(() => owner.told.at(-1)).toBe(`input 1 ${MIB} exit`);
    await expect.poll(() => owner.peer.closed).toBe(true);
  });

  it('tells the owner of a client that is there without typing, every ten seconds at most', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const own = await client();
    await own.attach(1);
    for (let second = 0; second < 25; second += 1) {
      vi.advanceTimersByTime(1000);
      own.connection.heard();
    }
    await settled();
    expect(owner.told).toEqual(['session.attach 1', 'ping 0', 'ping 0']);
  });
});

describe('the connection to another server', () => {
  it('is closed half a minute after its last use', async () => {
    const own = await client();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await own.attach(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(owner.peer.closed).toBe(false);
    await own.request('attachment.detach', {}, 1);
    await vi.advanceTimersByTimeAsync(29_000);
    await own.request('session.show');
    await vi.advanceTimersByTimeAsync(29_000);
    expect(owner.peer.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(2000);
    await settled();
    expect(owner.peer.closed).toBe(true);
    await own.request('session.show');
    expect(owner.calls).toHaveLength(2);
  });

  it('is not read while the client does not take what came', async () => {
    const own = await client();
    await own.attach(1);
    own.stream.pause();
    const big = Buffer.alloc(2 * MIB);
    let sent = 0;
    for (let round = 0; round < 100 && owner.peer.queuedBytes < 8 * MIB; round += 1) {
      owner.peer.writeData(FrameKind.output, 1, sent, big);
      sent += big.length;
      await turn();
    }
    expect(owner.peer.queuedBytes).toBeGreaterThan(8 * MIB);
    expect(own.connection.peer.queuedBytes).toBeLessThan(70 * MIB);
    own.stream.resume();
    await expect
      .poll(() => own.told.filter(line => line.startsWith('output')).length)
      .toBe(sent / big.length);
  });

  it('that is not read makes the client wait, and it goes on afterwards', async () => {
    const own = await client();
    await own.attach(1);
    owner.ends[0]?.pause();
    const big = Buffer.alloc(256 * 1024);
    let sent = 0;
    for (let round = 0; round < 200 && own.peer.queuedBytes < 8 * MIB; round += 1) {
      own.peer.writeData(FrameKind.input, 1, sent, big);
      sent += big.length;
      await turn();
    }
    expect(own.peer.queuedBytes).toBeGreaterThan(8 * MIB);
    owner.ends[0]?.resume();
    await expect
      .poll(() => owner.told.filter(line => line.startsWith('input')).length)
      .toBe(sent / big.length);
  });
});

describe('handing clients over', () => {
  const LEAVING = 'daemon.leaving 0 {"reason":"drain","elsewhere":["wss://c:7000"]}';

  it('tells those from elsewhere that have nothing here, and counts them', async () => {
    let urls: string[] = [];
    const elsewhere = () => urls;
    const remote = await client({ remote: true, elsewhere });
    await remote.attach(1);
    const local = await client({ remote: false, elsewhere });
    await local.attach(1);
    const idle = await client({ remote: true, elsewhere });
    await idle.request('session.show');
    expect(remote.relay.handOver()).toBe(0);
    urls = ['ws://127.0.0.1:7443'];
    expect(remote.relay.handOver()).toBe(0);
    urls = ['ws://127.0.0.1:7443', 'wss://c:7000'];
    expect(remote.relay.handOver()).toBe(1);
    expect(local.relay.handOver()).toBe(0);
    expect(idle.relay.handOver()).toBe(0);
    await settled();
    expect(remote.told.at(-1)).toBe(LEAVING);
  });

  it('tells those that come, or come back, while it drains, after the reply', async () => {
    const elsewhere = () => ['wss://c:7000'];
    const remote = await client({ remote: true, elsewhere });
    await remote.attach(1);
    await settled();
    await remote.attach(2);
    await settled();
    expect(remote.told).toEqual(['reply 1', LEAVING, 'reply 2', LEAVING]);
    const local = await client({ remote: false, elsewhere });
    await local.attach(1);
    await settled();
    expect(local.told).toEqual(['reply 1']);
  });
});
