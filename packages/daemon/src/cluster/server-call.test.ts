import { expect, it } from 'vitest';
import { trustsEverybody } from './server-call.ts';

const tls = { certFile: 'cert.pem', keyFile: 'key.pem' };
const listen = { host: '0.0.0.0', port: 7443, tls };

it.each([
  [{ clusterSecret: 's', listen }, undefined, true],
  [{ clusterSecret: 's', listen }, 'ca.pem', false],
  [{ clusterSecret: undefined, listen }, undefined, false],
  [{ clusterSecret: 's', listen: { ...listen, tls: undefined } }, undefined, false],
  [{ clusterSecret: 's', listen: undefined }, undefined, false],
])(
  'any public authority can vouch for the others of a fleet with TLS and no authority of its own: %j',
  (network, caFile, isSo) => {
    expect(trustsEverybody(network, caFile)).toBe(isSo);
  },
);
