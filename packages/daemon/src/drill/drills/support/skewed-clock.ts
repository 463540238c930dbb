/** A variable by which a Node.js process, and its threads, believe that it is so much later. Only their own clock: not the system's. */
export function skewedClock(skewMs: number): Readonly<Record<string, string>> {
  if (skewMs === 0) return {};
  const preload = `
    const Right = Date;
    globalThis.Date = class Date extends Right {
      constructor(...args) { if (args.length === 0) super(Right.now() + ${skewMs}); else super(...args); }
      static now() { return Right.now() + ${skewMs}; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` };
}
