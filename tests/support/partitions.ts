import { Fleet, type FleetOptions } from './fleet.ts';
import { NamespacedSite } from './namespaced-site.ts';

/** Mends what was cut. */
type Heal = () => Promise<void>;

/** Ways in which the network between the servers of a fleet, and between them and their stores, falls apart. Nobody gets a FIN. */
export interface Partitions {
  /** Nobody reaches this server, and it reaches neither database nor Redis. */
  isolate(id: string): Promise<Heal>;
  /** The second server is out of the first one's reach. */
  separate(first: string, second: string): Promise<Heal>;
  separateFromDatabase(id: string): Promise<Heal>;
}

/** A fleet of network namespaces: partitions are real ones. */
export async function namespacedFleet(ids: readonly string[], options: FleetOptions) {
  let made: NamespacedSite | undefined;
  const fleet = await Fleet.start({
    ...options,
    site: async stores => {
      made = await NamespacedSite.start(stores, ids);
      return made;
    },
  });
  if (made === undefined) throw new Error('the fleet has no site');
  const site = made;
  const partitions: Partitions = {
    isolate: async id => {
      await site.host(id).unplug();
      return () => site.host(id).heal();
    },
    separate: async (first, second) => {
      await site.host(first).cutFrom(site.host(second));
      return () => site.host(first).heal();
    },
    separateFromDatabase: async id => {
      await site.host(id).cutFrom(site.database);
      return () => site.host(id).heal();
    },
  };
  return { fleet, partitions };
}

/** A fleet on the loopback interface, where proxies stop passing bytes on. What a server asks of others still gets there. */
export async function proxiedFleet(_ids: readonly string[], options: FleetOptions) {
  const fleet = await Fleet.start({ ...options, proxied: true });
  const silence = async (id: string, ways: readonly ('redis' | 'database' | 'peers')[]): Promise<Heal> => {
    const proxies = ways.map(way => fleet.links(id)[way]);
    for (const proxy of proxies) proxy.set({ kind: 'halfOpen' });
    return async () => {
      await Promise.all(proxies.map(proxy => proxy.heal()));
    };
  };
  const partitions: Partitions = {
    isolate: id => silence(id, ['redis', 'database', 'peers']),
    separate: (_first, second) => silence(second, ['peers']),
    separateFromDatabase: id => silence(id, ['database']),
  };
  return { fleet, partitions };
}
