import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { type Frame, FrameKind, Peer } from '@triterm/core/protocol';
import { describe, expect, it } from 'vitest';
import type { ChannelEnd } from './channel-end.ts';
import { Connection } from './connection.ts';
import { type LocalAttachment, LocalChannel } from './local-channel.ts';
import { THROUGH_SOCKET } from './server.ts';

/** What a session is told by its attachments' connection. */
function attached({ viewer = false } = {}) {
  const told: string[] = [];
  const attachments = new Set<unknown>();
  const attachment = {
    id: 'abcd1234',
    state: 'live',
    primary: false,
    acknowledged: (offset: number, snapshots: number) => told.push(`acked ${offset} ${snapshots}`),
  };
  attachments.add(attachment);
  const local = {
    attachment,
    session: { active: () => {} },
    live: {
      attachments,
      typed: () => {},
      setColours: (colours: unknown) => told.push(`colours ${JSON.stringify(colours)}`),
      windowChanged: (_attachment: unknown, size: unknown) => told.push(`window ${JSON.stringify(size)}`),
      detach: () => told.push(`detach ${attachments.delete(attachment)}`),
    },
    input: viewer
      ? undefined
      : {
          write: (offset: number, bytes: Uint8Array) => told.push(`input ${offset} ${Buffer.from(bytes)}`),
          close: (forget: boolean) => told.push(`close ${forget}`),
        },
  } as unknown as LocalAttachment;
  return { channel: new LocalChannel(local), local, told, attachment };
}

function connection(caller = THROUGH_SOCKET): Connection {
  const socket = new PassThrough();
  return new Connection(socket as unknown as Socket, () => new Peer(socket, {}), caller);
}

function data(kind: Frame['kind'], channel: number, offset: number, rest: string | Buffer = ''): Frame {
  const payload = Buffer.concat([Buffer.alloc(8), Buffer.from(rest)]);
  payload.writeBigUInt64BE(BigInt(offset), 0);
  return { kind, flags: 0, channel, payload };
}

describe('what a connection holds', () => {
  it('gives input and acks to the attachment of their channel', () => {
    const own = connection();
    const [one, two] = [attached(), attached()];
    own.add(1, one.channel);
    own.add(2, two.channel);
    own.data(data(FrameKind.input, 1, 5, 'ls'));
    own.data(data(FrameKind.ack, 2, 2 ** 33, Buffer.from([0, 0, 0, 3])));
    own.notification('attachment.resize', { cols: 80, rows: 24, more: 1 }, 2);
    expect(one.told).toEqual(['input 5 ls']);
    expect(two.told).toEqual([`acked ${2 ** 33} 3`, 'window {"cols":80,"rows":24}']);
  });

  it('ignores frames for a channel that is not attached, and notifications of a later release', () => {
    const own = connection();
    own.data(data(FrameKind.input, 9, 0, 'x'));
    own.data({ kind: FrameKind.output, flags: 0, channel: 9, payload: Buffer.alloc(0) });
    own.notification('attachment.resize', { cols: 80, rows: 24 }, 9);
    own.notification('attachment.hologram', { depth: 3 }, 1);
  });

  it('types nothing for a viewer, nor after the attachment is closed', () => {
    const own = connection();
    const viewer = attached({ viewer: true });
    own.add(1, viewer.channel);
    own.data(data(FrameKind.input, 1, 0, 'rm -rf'));
    expect(viewer.told).toEqual([]);
    const closed = attached();
    closed.attachment.state = 'closed';
    own.add(2, closed.channel);
    own.data(data(FrameKind.input, 2, 0, 'x'));
    expect(closed.told).toEqual([]);
  });

  it.each([
    ['output', data(FrameKind.output, 1, 0, 'x'), 'BAD_MESSAGE'],
    ['a snapshot', data(FrameKind.snapshot, 1, 0, 'x'), 'BAD_MESSAGE'],
    ['torn input', { kind: FrameKind.input, flags: 0, channel: 1, payload: Buffer.alloc(3) }, 'BAD_FRAME'],
    ['a torn ack', data(FrameKind.ack, 1, 0, 'x'), 'BAD_FRAME'],
  ])('refuses %s of a client', (_what, frame, code) => {
    const own = connection();
    own.add(1, attached().channel);
    expect(() => own.data(frame as Frame)).toThrow(expect.objectContaining({ code }));
  });

  it.each([{ cols: 0, rows: 24 }, { cols: 80 }, { cols: 4097, rows: 1 }, null, 'x'])(
    'refuses a window %j',
    window => {
      expect(() => connection().notification('attachment.resize', window, 1)).toThrow(
        expect.objectContaining({ code: 'BAD_SIZE' }),
      );
    },
  );

  it('takes the colours of the primary client’s terminal only', () => {
    const own = connection();
    const [one, two] = [attached(), attached()];
    two.attachment.primary = true;
    own.add(1, one.channel);
    own.add(2, two.channel);
    for (const channel of [1, 2, 3]) own.notification('attachment.colours', { cursor: 'rgb:f/0/0' }, channel);
    expect(one.told).toEqual([]);
    expect(two.told).toEqual(['colours {"cursor":"rgb:f/0/0"}']);
    expect(() => own.notification('attachment.colours', { cursor: 'x'.repeat(65) }, 2)).toThrow(
      expect.objectContaining({ code: 'BAD_MESSAGE' }),
    );
  });

  it('forgets the input of a client that detaches, once', () => {
    const own = connection();
    const one = attached();
    own.add(1, one.channel);
    own.detach(1);
    expect(one.told).toEqual(['close true', 'detach true']);
    expect(() => own.detach(1)).toThrow(expect.objectContaining({ code: 'CLIENT_NOT_FOUND' }));
  });

  it('lets a client that is attached elsewhere know when it is let go there', async () => {
    const own = connection();
    const letGo = Promise.withResolvers<void>();
    own.add(9, { ...attached().channel, drop: () => {}, detach: () => letGo.promise } as ChannelEnd);
    expect(own.detach(9)).toBe(letGo.promise);
    expect(own.ends().has(9)).toBe(false);
  });

  it('lets go of everything when the client has gone, and remembers its input', () => {
    const own = connection();
    const [one, two] = [attached(), attached({ viewer: true })];
    own.add(1, one.channel);
    own.add(2, two.channel);
    const order: string[] = [];
    own.onClose(() => order.push('first'));
    own.onClose(() => order.push('second'));
    expect(own.gone.aborted).toBe(false);
    own.closed();
    own.closed();
    expect(own.gone.aborted).toBe(true);
    expect(one.told).toEqual(['close false', 'detach true']);
    expect(two.told).toEqual(['detach true']);
    expect(order).toEqual(['first', 'second']);
    own.onClose(() => order.push('at once'));
    expect(order.at(-1)).toBe('at once');
  });

  it('over the network has 32 clients attached at most, those on their way included, and room again for who comes after', async () => {
    const own = connection({ principal: SOCKET_OWNER, remote: true });
    const refused = { code: 'TOO_MANY_CLIENTS' };
    const attach = (channel: number, arrived: Promise<void> = Promise.resolve()) =>
      own.attaching(channel, async () => {
        await arrived;
        own.add(channel, attached().channel);
      });
    const arriving = Promise.withResolvers<void>();
    const first = Array.from({ length: 16 }, (_, channel) => attach(channel, arriving.promise));
    for (let channel = 16; channel < 32; channel += 1) await attach(channel);
    await expect(attach(32)).rejects.toMatchObject(refused);
    arriving.resolve();
    await Promise.all(first);
    await expect(attach(32)).rejects.toMatchObject(refused);
    await attach(3);
    own.detach(5);
    await expect(own.attaching(32, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    await attach(32);
    await expect(attach(33)).rejects.toMatchObject(refused);
  });

  it('is subscribed 64 times at most', () => {
    const own = connection();
    let ended = 0;
    const end = () => {
      ended += 1;
    };
    for (let i = 0; i < 64; i += 1) own.onClose(end);
    expect(() => own.onClose(end)).toThrow(expect.objectContaining({ code: 'TOO_MANY_WAITING' }));
    expect(ended).toBe(1);
    own.closed();
    expect(ended).toBe(65);
  });

  it('lets go at once of what is attached when the client has gone already', () => {
    const own = connection();
    own.closed();
    const late = attached();
    own.add(1, late.channel);
    expect(late.told).toEqual(['close false', 'detach true']);
  });

  it('has one attachment a channel: another one there replaces it', () => {
    const own = connection();
    const [one, two] = [attached(), attached()];
    own.add(1, one.channel);
    own.add(1, two.channel);
    own.data(data(FrameKind.input, 1, 0, 'x'));
    expect(one.told).toEqual(['close false', 'detach true']);
    expect(two.told).toEqual(['input 0 x']);
  });

  it('ends after what was sent, and tells when the client has gone', async () => {
    const socket = new PassThrough();
    const own = new Connection(socket as unknown as Socket, () => new Peer(socket, {}), THROUGH_SOCKET);
    own.peer.notify('daemon.leaving', { reason: 'stop' });
    await own.end();
    expect(socket.destroyed).toBe(true);
    await own.end();
  });

  it('throws errors of the catalogue only', () => {
    expect(() => connection().detach(3)).toThrow(TermError);
  });
});
