import type { RedisLink } from '../../src/store/redis/redis-link.ts';

/** A link whose calls are sent up to so much later, out of their order too. */
export function lateLink(link: RedisLink, maxDelayMs: number): RedisLink {
  const late = () => new Promise<void>(resolve => setTimeout(resolve, Math.random() * maxDelayMs));
  return {
    keys: link.keys,
    cluster: link.cluster,
    command: async (what, work, deadlineMs) => {
      await late();
      return link.command(what, work, deadlineMs);
    },
    script: async (script, keys, args, deadlineMs) => {
      await late();
      return link.script(script, keys, args, deadlineMs);
    },
    scripts: async (script, calls, deadlineMs) => {
      await late();
      return link.scripts(script, calls, deadlineMs);
    },
    subscribe: async (channels, listener) => {
      await late();
      return link.subscribe(channels, {
        message: (channel, text) =>
          setTimeout(() => listener.message(channel, text), Math.random() * maxDelayMs),
        gap: () => listener.gap(),
      });
    },
    scan: (pattern, limit) => link.scan(pattern, limit),
    identity: () => link.identity(),
    info: () => link.info(),
    observe: observer => link.observe(observer),
    disturb: fault => link.disturb(fault),
    close: () => link.close(),
  };
}
