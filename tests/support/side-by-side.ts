/**
 * Begins to work through the names, so many at a time, without waiting for it. Returns the promise of each; those that nobody asks
 * for fail silently.
 */
export function sideBySide<T>(
  atATime: number,
  names: readonly string[],
  work: (name: string) => Promise<T>,
): (name: string) => Promise<T> {
  const results = new Map(names.map(name => [name, Promise.withResolvers<T>()]));
  const left = [...results];
  const next = async (): Promise<void> => {
    for (let first = left.shift(); first !== undefined; first = left.shift()) {
      const [name, result] = first;
      result.promise.catch(() => {});
      await work(name).then(result.resolve, result.reject);
    }
  };
  for (let at = 0; at < atATime; at += 1) void next();
  return name => {
    const result = results.get(name);
    if (result === undefined) throw new Error(`nothing is called ${name}`);
    return result.promise;
  };
}
