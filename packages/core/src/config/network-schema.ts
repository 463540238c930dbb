import * as z from 'zod';

const text = z.string().default('');
const positive = z.int().min(1);

/** How a server is reached over a network, and how servers reach each other: a part of `configSchema`. */
export const NETWORK_SHAPE = {
  listen: text.describe(
    'Where clients and other servers may connect by WebSocket: `wss://HOST:PORT`, or without TLS on the loopback interface `ws://127.0.0.1:PORT` or just `PORT`; nowhere when empty.',
  ),
  tlsCert: text.describe(
    'File (PEM) with the certificate of `listen`, the chain below it; read again when it changes.',
  ),
  tlsKey: text.describe('File (PEM) with the key of `tlsCert`; nobody else may be able to read it.'),
  advertiseUrl: text.describe(
    'Where other servers and clients reach this one; `listen` when empty, unless that is no address to connect to, such as 0.0.0.0.',
  ),
  clusterSecret: text.describe(
    'What the servers of one fleet know and nobody else, at least 32 characters: it lets them pass on what their clients ask. They do not speak to each other when empty. Set it wherever several servers share a database.',
  ),
  clusterCa: text.describe(
    'File (PEM) with the authorities to trust for the certificates of other servers; those of Node.js when empty.',
  ),
  allowedOrigins: z
    .array(z.string())
    .default([])
    .describe(
      'Web origins whose pages may connect, such as `https://term.example.org`; none but our own when empty.',
    ),
  allowedHosts: z
    .array(z.string())
    .default([])
    .describe(
      'Names by which clients may reach `listen`, beside its own, that of `advertiseUrl` and loopback addresses.',
    ),
  maxConnections: positive
    .max(100_000)
    .default(4096)
    .describe('WebSocket connections that may be open at once on this server.'),
  maxConnectionsPerUser: positive
    .default(1024)
    .describe(
      'WebSocket connections that a user may have open, over all servers that share the database; with one token, on one server, a quarter of it.',
    ),
  maxHandshakesPerSecond: positive
    .max(100_000)
    .default(200)
    .describe('WebSocket handshakes that this server takes a second; from one address a quarter of it.'),
};
