import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import type { SessionEvent } from '@triterm/core/protocol';
import { describe, expect, it } from 'vitest';
import { EventBus, type Interest, type Told } from './event-bus.ts';

const ANNA: Principal = { ...SOCKET_OWNER, userId: 'anna', scope: 'view' };
const WORK = { id: 'work-id', name: 'work', userId: 'anna' };

function setUp() {
  const bus = new EventBus('server-1');
  const hears = (principal: Principal, more: Partial<Interest> = {}) => {
    const heard: SessionEvent[] = [];
    const end = bus.subscribe({ principal, session: undefined, all: false, ...more }, event => {
      heard.push(event);
    });
    return { heard, types: () => heard.map(({ type }) => type), end };
  };
  return { bus, hears };
}

const elsewhere = (type: SessionEvent['type'], userId: string | undefined): Told => ({
  event: { type, at: new Date(0).toISOString(), session: 'far', name: 'far', server: 'server-2', data: {} },
  userId,
});

describe('the event bus', () => {
  it('says on which server it happened', () => {
    const { bus, hears } = setUp();
    const { heard } = hears(ANNA);
    bus.emit('bell', WORK);
    expect(heard).toMatchObject([
      { type: 'bell', session: 'work-id', name: 'work', server: 'server-1', data: {} },
    ]);
  });

  it("tells of a user's sessions only that user and those who run the servers", () => {
    const { bus, hears } = setUp();
    const [anna, bob, admin] = [
      hears(ANNA),
      hears({ ...ANNA, userId: 'bob', scope: 'use' }),
      hears(SOCKET_OWNER),
    ];
    bus.emit('created', WORK);
    expect([anna.types(), bob.types(), admin.types()]).toEqual([['created'], [], ['created']]);
  });

  it('tells who was let in for one session of no other one', () => {
    const { bus, hears } = setUp();
    const guest = hears({ ...ANNA, sessionId: 'work-id' });
    bus.emit('bell', { ...WORK, id: 'play-id' });
    bus.emit('bell', WORK);
    bus.emitOfServer('cacheMode', { mode: 'in-memory' });
    bus.pass({
      ...elsewhere('serverGone', undefined),
      event: { ...elsewhere('serverGone', undefined).event, session: '' },
    });
    expect(guest.heard.map(({ session }) => session)).toEqual(['work-id']);
  });

  it('tells everybody which servers are gone, and of the cache those who run them', () => {
    const { bus, hears } = setUp();
    const [anna, admin] = [hears(ANNA), hears(SOCKET_OWNER)];
    bus.emitOfServer('serverGone', {});
    bus.emitOfServer('cacheMode', { mode: 'in-memory' });
    expect([anna.types(), admin.types()]).toEqual([['serverGone'], ['serverGone', 'cacheMode']]);
  });

  it('tells of other servers those who asked for all', () => {
    const { bus, hears } = setUp();
    const [near, far, other] = [
      hears(ANNA),
      hears(ANNA, { all: true }),
      hears(ANNA, { all: true, session: 'work-id' }),
    ];
    bus.pass(elsewhere('title', 'anna'));
    bus.pass(elsewhere('title', 'bob'));
    expect([near.types(), far.types(), other.types()]).toEqual([[], ['title'], []]);
  });

  it('says when somebody wants to hear of other servers, and when nobody does any more', () => {
    const { bus, hears } = setUp();
    const audience: boolean[] = [];
    bus.connect(
      () => {},
      async wanted => {
        audience.push(wanted);
      },
    );
    const [near, first, second] = [hears(ANNA), hears(ANNA, { all: true }), hears(ANNA, { all: true })];
    for (const { end } of [near, first, second]) end();
    expect(audience).toEqual([true, false]);
  });

  it('hands on what happens here, and not what comes from elsewhere', () => {
    const { bus } = setUp();
    const own: string[] = [];
    bus.connect(
      ({ event, userId }) => own.push(`${event.type} ${userId}`),
      async () => {},
    );
    bus.emit('bell', WORK);
    bus.pass(elsewhere('title', 'anna'));
    expect(own).toEqual(['bell anna']);
  });
});
