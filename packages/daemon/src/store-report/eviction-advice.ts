/** What an operator should change at Redis' memory settings; undefined when they are safe. Members may be unknown. */
export function evictionAdvice(
  maxMemoryBytes: number | null,
  evictionPolicy: string | null,
): string | undefined {
  // Without a limit nothing is evicted and nothing is refused, whatever the policy.
  if (maxMemoryBytes === 0 || evictionPolicy === null) return undefined;
  if (evictionPolicy === 'noeviction') {
    return (
      'maxmemory-policy noeviction: once maxmemory is reached Redis refuses writes and is no longer used. ' +
      'Set volatile-lru.'
    );
  }
  if (evictionPolicy.startsWith('allkeys-')) {
    return (
      `maxmemory-policy ${evictionPolicy}: locks and sockets may be evicted before old cache entries are, and ` +
      'keys of other programs too; nothing goes wrong, but work is done twice. Set volatile-lru.'
    );
  }
  return undefined;
}
