import { TermError } from '../errors/index.ts';
import type { Database } from './database.ts';

/** Told of every call: what was called, `ok` or the error's code, and how long it took. Must not throw. */
export type DatabaseObserver = (operation: string, outcome: string, seconds: number) => void;

/** The same database, with every call told of. */
export function observedDatabase(database: Database, observe: DatabaseObserver): Database {
  const wrapped = new Map<PropertyKey, unknown>();
  return new Proxy(database, {
    get(target, name) {
      const known = wrapped.get(name);
      if (known !== undefined) return known;
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const call = (...args: unknown[]): unknown => {
        const startedAtMs = performance.now();
        const told = (outcome: string) =>
          observe(String(name), outcome, (performance.now() - startedAtMs) / 1000);
        const result: unknown = Reflect.apply(member, target, args);
        if (result instanceof Promise)
          result.then(
            () => told('ok'),
            error => told(TermError.from(error).code),
          );
        return result;
      };
      wrapped.set(name, call);
      return call;
    },
  });
}
