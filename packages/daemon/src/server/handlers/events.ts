import type { EventBus } from '../../session/event-bus.ts';
import type { SessionService } from '../../session/session-service.ts';
import type { Handlers } from '../router.ts';

/** A subscriber that does not read is cut off at this much unsent. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** What happens to sessions, as it happens. */
export function eventHandlers(service: SessionService, bus: EventBus): Pick<Handlers, 'events.subscribe'> {
  return {
    'events.subscribe': ({ target }, { connection }) => {
      const only = target === undefined ? undefined : service.registry.find(target).id;
      const end = bus.subscribe(only, event => {
        if (connection.peer.queuedBytes > MAX_UNSENT_BYTES) void connection.end();
        else connection.peer.notify('event', event);
      });
      connection.onClose(end);
      return {};
    },
  };
}
