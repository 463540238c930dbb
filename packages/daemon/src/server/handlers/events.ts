import type { EventBus } from '../../session/event-bus.ts';
import type { Handlers } from '../router.ts';

/** A subscriber that does not read is cut off at this much unsent. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** What happens to sessions, as it happens. */
export function eventHandlers(bus: EventBus): Pick<Handlers, 'events.subscribe'> {
  return {
    'events.subscribe': async ({ target, all }, { connection, principal }) => {
      // A session may go on on another server; who has named it wants to hear of it there too.
      const interest = { principal, session: target, all: all || target !== undefined };
      const end = bus.subscribe(interest, event => {
        if (connection.peer.queuedBytes > MAX_UNSENT_BYTES) void connection.end();
        else connection.peer.notify('event', event);
      });
      connection.onClose(end);
      if (interest.all) await bus.ready;
      return {};
    },
  };
}
