type Call = (...args: unknown[]) => Promise<unknown>;

/** A call that is held, and can be let go on. */
export interface Held {
  /** Resolves when the call has come to where it is held. */
  readonly reached: Promise<void>;
  letGo(): void;
  /** Resolves when it is over, however it ended. */
  readonly over: Promise<void>;
}

/**
 * Stands before an object whose methods are asynchronous, and holds single calls of them: before they begin, or after they have ended
 * and before the caller hears of it.
 */
export class Gate<T extends object> {
  readonly through: T;
  readonly #waiting: {
    readonly method: string;
    readonly when: 'before' | 'after';
    readonly point: HoldPoint;
  }[] = [];

  constructor(target: T) {
    this.through = new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property, object);
        if (typeof member !== 'function' || typeof property !== 'string') return member;
        return (...args: unknown[]) => this.#call(property, member.bind(object) as Call, args);
      },
    });
  }

  /** Holds the next call of the method. */
  hold(method: keyof T & string, when: 'before' | 'after'): Held {
    const point = new HoldPoint();
    this.#waiting.push({ method, when, point });
    return point;
  }

  /** Holds every call from now on before it begins, until the function is called. */
  shut(method: keyof T & string): () => void {
    let isShut = true;
    const points: HoldPoint[] = [];
    const next = () => {
      const point = new HoldPoint();
      points.push(point);
      this.#waiting.push({ method, when: 'before', point });
      void point.reached.then(() => isShut && next());
    };
    next();
    return () => {
      isShut = false;
      for (const point of points) point.letGo();
    };
  }

  #call(method: string, work: Call, args: unknown[]): unknown {
    const index = this.#waiting.findIndex(waiting => waiting.method === method);
    const [found] = index < 0 ? [] : this.#waiting.splice(index, 1);
    return found === undefined ? work(...args) : held(found.when, found.point, () => work(...args));
  }
}

async function held(
  when: 'before' | 'after',
  point: HoldPoint,
  work: () => Promise<unknown>,
): Promise<unknown> {
  try {
    if (when === 'before') await point.pass();
    const value = await work();
    if (when === 'after') await point.pass();
    return value;
  } finally {
    point.end();
  }
}

class HoldPoint implements Held {
  readonly #reached = Promise.withResolvers<void>();
  readonly #go = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();

  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  get over(): Promise<void> {
    return this.#over.promise;
  }

  letGo(): void {
    this.#go.resolve();
  }

  async pass(): Promise<void> {
    this.#reached.resolve();
    await this.#go.promise;
  }

  end(): void {
    this.#over.resolve();
  }
}
