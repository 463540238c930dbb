import type { Scope } from '../domain/index.ts';
import type { Method } from './messages.ts';

/**
 * Who may call a method, and who answers it. `scope`: the least that is needed; `controller` is `use`, or `view` for those who only
 * look on (`session.attach`).
 *
 * `on` says what it is about:
 * - `session`: one session, named by `target`; its owner answers, wherever that is.
 * - `here`: one session, named by `target`; the server that is asked answers, whoever owns it.
 * - `attachment`: what is attached on the frame's channel; answered where that is.
 * - `fleet`: sessions or tokens as such; the server that is asked answers.
 * - `server`: the server that is asked.
 * - `host`: the same, with paths of its host: through its unix socket only.
 */
export interface MethodAccess {
  readonly scope: Scope | 'controller';
  readonly on: 'session' | 'here' | 'attachment' | 'fleet' | 'server' | 'host';
}

const access = (scope: MethodAccess['scope'], on: MethodAccess['on']): MethodAccess => ({ scope, on });

/** Every method has its line: who adds one decides here who may call it. */
export const METHOD_ACCESS: { readonly [M in Method]: MethodAccess } = {
  ping: access('view', 'server'),
  'session.list': access('view', 'fleet'),
  'session.show': access('view', 'session'),
  'session.capture': access('view', 'session'),
  'session.search': access('view', 'session'),
  'session.wait': access('view', 'session'),
  'events.subscribe': access('view', 'fleet'),
  'session.attach': access('controller', 'session'),
  'attachment.detach': access('view', 'attachment'),
  'session.create': access('use', 'fleet'),
  'session.recreate': access('use', 'here'),
  'session.rename': access('use', 'session'),
  'session.label': access('use', 'session'),
  'session.resize': access('use', 'session'),
  'session.policy': access('use', 'session'),
  'session.kill': access('use', 'session'),
  'session.detach': access('use', 'session'),
  'session.take': access('use', 'session'),
  'session.request': access('use', 'session'),
  'session.grant': access('use', 'session'),
  'session.send': access('use', 'session'),
  'session.run': access('use', 'session'),
  'token.create': access('admin', 'fleet'),
  'token.list': access('admin', 'fleet'),
  'token.revoke': access('admin', 'fleet'),
  'daemon.status': access('admin', 'server'),
  'daemon.shutdown': access('admin', 'server'),
  'daemon.drain': access('admin', 'server'),
  'daemon.reload': access('admin', 'server'),
  'daemon.log': access('admin', 'server'),
  'drill.break': access('admin', 'host'),
  'drill.restore': access('admin', 'host'),
  'redis.status': access('admin', 'server'),
  'cache.stats': access('admin', 'server'),
  'cache.show': access('admin', 'server'),
  'cache.invalidate': access('admin', 'server'),
  'locks.list': access('admin', 'server'),
  'locks.show': access('admin', 'server'),
  'sockets.list': access('admin', 'server'),
  'servers.list': access('admin', 'server'),
  'db.status': access('admin', 'server'),
  'db.migrate': access('admin', 'server'),
  'db.export': access('admin', 'host'),
  'db.import': access('admin', 'host'),
  'db.backup': access('admin', 'host'),
};
