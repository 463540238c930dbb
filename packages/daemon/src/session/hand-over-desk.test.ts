import { type HandOver, SOCKET_OWNER } from '@triterm/core/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Attachment } from './attachment.ts';
import { REQUEST_LAPSE_MS } from './hand-over.ts';
import { HandOverDesk } from './hand-over-desk.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const HOST = {
  paint: async () => ({ cols: 80, rows: 24, offset: 0, sizeGeneration: 0, bytes: new Uint8Array() }),
  render: async () => ({ offset: 0, bytes: new Uint8Array() }),
  flowChanged() {},
  ended() {},
};

function setUp(policy: HandOver) {
  const attachments = new Set<Attachment>();
  const told: string[] = [];
  const desk = new HandOverDesk(policy, attachments, {
    changed: attachment => told.push(`primary is ${attachment?.deviceName ?? 'nobody'}`),
    requested: attachment => told.push(`${attachment.deviceName} asks`),
  });
  const client = (deviceName: string, role: 'controller' | 'viewer' = 'controller', before?: Attachment) => {
    const attachment = new Attachment(
      {
        ...{ token: deviceName.padEnd(32, '0'), role, window: { cols: 80, rows: 24 }, lossless: false },
        ...{
          historyLines: 0,
          deviceId: deviceName,
          deviceName,
          principal: SOCKET_OWNER,
          pid: null,
          nowMs: 0,
        },
      },
      {
        output() {},
        snapshot() {},
        inputApplied() {},
        notify: (method, params) => told.push(`${deviceName} ${method} ${JSON.stringify(params)}`),
      },
      HOST,
    );
    if (before !== undefined) attachments.delete(before);
    attachments.add(attachment);
    desk.joined(attachment, { take: false, isReturning: before !== undefined, before });
    return attachment;
  };
  const leave = (attachment: Attachment, next?: Attachment) => {
    attachments.delete(attachment);
    desk.left(attachment, next);
  };
  const since = () => told.splice(0).filter(line => !line.includes('attachment.role'));
  return { desk, client, leave, since };
}

describe('who is the primary client', () => {
  it('is whoever came first, and by typing whoever came or typed last; never a viewer', () => {
    const explicit = setUp('explicit');
    const first = explicit.client('desktop');
    const second = explicit.client('phone');
    explicit.desk.typed(second);
    expect(explicit.desk.primary).toBe(first);

    const typing = setUp('typing');
    const [desktop, phone] = [typing.client('desktop'), typing.client('phone')];
    expect(typing.desk.primary).toBe(phone);
    typing.client('wall', 'viewer');
    typing.desk.typed(desktop);
    expect(typing.desk.primary).toBe(desktop);
    expect(typing.since()).toEqual(['primary is desktop', 'primary is phone', 'primary is desktop']);
  });

  it('is another one, or nobody, when it has left', () => {
    const { desk, client, leave, since } = setUp('explicit');
    const [desktop, phone] = [client('desktop'), client('phone')];
    leave(desktop, phone);
    expect(desk.primary).toBe(phone);
    leave(phone);
    expect(since()).toEqual(['primary is desktop', 'primary is phone', 'primary is nobody']);
  });
});

describe('asking the primary client', () => {
  function asked() {
    const set = setUp('request');
    const [desktop, phone] = [set.client('desktop'), set.client('phone')];
    set.desk.request(phone, performance.now());
    return { ...set, desktop, phone };
  }

  it('tells it, and everybody who listens', () => {
    const { desk, phone, since } = asked();
    expect(since().slice(1)).toEqual([
      'phone asks',
      `desktop attachment.requested {"client":"${phone.id}","deviceName":"phone"}`,
    ]);
    expect(desk.askers).toEqual([phone]);
  });

  it('is answered by handing over, to all who asked', () => {
    const { desk, client, phone, since } = asked();
    const tablet = client('tablet');
    desk.request(tablet, performance.now());
    since();
    desk.make(tablet);
    expect(since()).toEqual([
      'phone attachment.answered {"granted":false,"message":"tablet is the primary client now."}',
      'tablet attachment.answered {"granted":true,"message":"This is the primary client now."}',
      'primary is tablet',
    ]);
    expect(desk.askers).toEqual([]);
    expect(phone.primary).toBe(false);
  });

  it('is answered by a refusal, once', () => {
    const { desk, phone, since } = asked();
    since();
    desk.deny(phone);
    desk.deny(phone);
    expect(since()).toEqual([
      'phone attachment.answered {"granted":false,"message":"The request was denied."}',
    ]);
  });

  it('lapses when nobody answers', () => {
    const { desk, since } = asked();
    since();
    vi.advanceTimersByTime(REQUEST_LAPSE_MS - 1);
    expect(since()).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(since()).toEqual([
      'phone attachment.answered {"granted":false,"message":"The request was not answered."}',
    ]);
    expect(desk.askers).toEqual([]);
  });

  it('is over when either of them leaves', () => {
    const one = asked();
    one.since();
    one.leave(one.phone);
    expect(one.desk.askers).toEqual([]);
    const two = asked();
    const tablet = two.client('tablet');
    two.since();
    two.leave(two.desktop, tablet);
    expect(two.since()).toEqual([
      'phone attachment.answered {"granted":false,"message":"tablet is the primary client now."}',
      'primary is tablet',
    ]);
    vi.advanceTimersByTime(REQUEST_LAPSE_MS + 1);
    expect([one.since(), two.since()]).toEqual([[], []]);
  });
});

describe('a client that attaches anew', () => {
  it('stays the primary one, and answers nobody by that', () => {
    const { desk, client, since } = setUp('request');
    const one = client('one');
    const two = client('two');
    desk.request(two, 0);
    since();
    const again = client('one', 'controller', one);
    expect(desk.primary).toBe(again);
    expect(desk.askers).toEqual([two]);
    expect(since()).toEqual(['primary is one']);
  });

  it('goes on asking for as long as it would have', () => {
    const { desk, client, since } = setUp('request');
    client('one');
    const two = client('two');
    desk.request(two, performance.now());
    vi.advanceTimersByTime(REQUEST_LAPSE_MS - 1000);
    const again = client('two', 'controller', two);
    expect(desk.askers).toEqual([again]);
    since();
    vi.advanceTimersByTime(1000);
    expect(desk.askers).toEqual([]);
    expect(since()).toEqual([expect.stringContaining('two attachment.answered {"granted":false')]);
  });
});
