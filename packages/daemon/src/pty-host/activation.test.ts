import { describe, expect, it } from 'vitest';
import { parseRequest } from './activation.ts';

const RUN = '/home/u/.local/state/triterm/run';

describe('a request for a pty-host', () => {
  it('names a socket among the hosts’ and how many PTYs it may hold', () => {
    const socketPath = `${RUN}/hosts/unit-0a1b2c3d.sock`;
    expect(parseRequest(`${socketPath} 256`, RUN)).toEqual({ socketPath, maxPtys: 256 });
  });

  it('may come from a run directory with a space in its name', () => {
    const run = '/srv/my run';
    const socketPath = `${run}/hosts/unit-0a1b2c3d.sock`;
    expect(parseRequest(`${socketPath} 1`, run)).toEqual({ socketPath, maxPtys: 1 });
  });

  it.each([
    '',
    'unit-0a1b2c3d.sock 1',
    '/tmp/hosts/unit-0a1b2c3d.sock 1',
    `${RUN}/unit-0a1b2c3d.sock 1`,
    `${RUN}/hosts/../unit-0a1b2c3d.sock 1`,
    `${RUN}/hosts/../hosts/unit-0a1b2c3d.sock 1`,
    `${RUN}/hosts/x/unit-0a1b2c3d.sock 1`,
    `${RUN}/hosts/unit-0A1B2C3D.sock 1`,
    `${RUN}/hosts/0a1b2c3d.sock 1`,
    `${RUN}/hosts/unit-0a1b2c3d.sock`,
    `${RUN}/hosts/unit-0a1b2c3d.sock 0`,
    `${RUN}/hosts/unit-0a1b2c3d.sock -1`,
    `${RUN}/hosts/unit-0a1b2c3d.sock 1e3`,
    `${RUN}/hosts/unit-0a1b2c3d.sock 99999`,
    `${RUN}/hosts/unit-0a1b2c3d.sock 1 2`,
  ])('is refused when it is %j', line => {
    expect(() => parseRequest(line, RUN)).toThrow(/no request/);
  });
});
