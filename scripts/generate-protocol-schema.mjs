/**
 * JSON Schema of both protocols, made from the zod schemas: `node --conditions=@triterm/source
 * scripts/generate-protocol-schema.mjs [--check]`.
 */
import { CLIENT_NOTIFICATIONS, DAEMON_NOTIFICATIONS, METHODS } from '@triterm/core/protocol/messages';
import { HOST_COMMANDS, HOST_METHODS, HOST_RECORDS } from '@triterm/core/protocol/pty-host-messages';
import * as z from 'zod';
import { writeOrCheck } from './lib/generated-file.mjs';

const text = { type: 'string' };
const version = { type: 'integer' };
const features = { type: 'array', items: text };

const error = {
  type: 'object',
  properties: { code: text, message: text, hint: text, details: { type: 'object' } },
  required: ['code', 'message'],
};

const HANDSHAKE = {
  hello: message({
    hello: {
      type: 'object',
      properties: {
        protocol: { type: 'object', properties: { min: version, max: version }, required: ['min', 'max'] },
        software: text,
        features,
      },
      required: ['protocol'],
    },
  }),
  welcome: message({
    welcome: {
      type: 'object',
      properties: { protocol: version, software: text, features },
      required: ['protocol'],
    },
  }),
  reject: message({ reject: { $ref: '#/$defs/error' } }),
};

function message(properties) {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** As input: what is understood, so that members of later releases are allowed on both sides. */
function plain(schema) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

function requests(methods) {
  return Object.fromEntries(
    Object.entries(methods).map(([method, { params }]) => [
      `request:${method}`,
      message({ id: { type: 'number' }, method: { const: method }, params: plain(params) }),
    ]),
  );
}

function results(methods) {
  return Object.fromEntries(
    Object.entries(methods).map(([method, { result }]) => [`result:${method}`, plain(result)]),
  );
}

function notifications(what, schemas) {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, params]) => [
      `${what}:${name}`,
      message({ method: { const: name }, params: plain(params) }),
    ]),
  );
}

/** Every message that one of the sides may send, by name. */
function schema(title, { methods, asking, answering }) {
  const reply = {
    type: 'object',
    description: 'The answer to a request: `result` has the shape of that method’s result.',
    properties: {
      id: { type: 'number' },
      result: { anyOf: Object.keys(results(methods)).map(ref) },
      error: ref('error'),
    },
    required: ['id'],
  };
  const sides = {
    [asking.name]: ['hello', ...Object.keys(requests(methods)), ...Object.keys(asking.tells)],
    [answering.name]: ['welcome', 'reject', 'reply', ...Object.keys(answering.tells)],
  };
  return `${JSON.stringify(
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title,
      description:
        'Control messages. Members that are not named here are ignored; a newer peer may send them. Made from the sources: do not edit.',
      anyOf: Object.keys(sides).map(ref),
      $defs: {
        ...Object.fromEntries(
          Object.entries(sides).map(([side, names]) => [side, { anyOf: names.map(ref) }]),
        ),
        ...HANDSHAKE,
        error,
        reply,
        ...requests(methods),
        ...results(methods),
        ...asking.tells,
        ...answering.tells,
      },
    },
    null,
    2,
  )}\n`;
}

function ref(name) {
  return { $ref: `#/$defs/${name}` };
}

writeOrCheck({
  'docs/protocol.schema.json': schema('The protocol between a client and tritermd, version 1', {
    methods: METHODS,
    asking: { name: 'fromClient', tells: notifications('notification', CLIENT_NOTIFICATIONS) },
    answering: { name: 'fromDaemon', tells: notifications('notification', DAEMON_NOTIFICATIONS) },
  }),
  'docs/pty-host-protocol.schema.json': schema(
    'The protocol between tritermd and triterm-pty-host, version 1',
    {
      methods: HOST_METHODS,
      asking: { name: 'fromDaemon', tells: notifications('command', HOST_COMMANDS) },
      answering: { name: 'fromHost', tells: notifications('record', HOST_RECORDS) },
    },
  ),
});
