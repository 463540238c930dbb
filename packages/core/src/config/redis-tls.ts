import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { errnoName } from '../errors/index.ts';
import type { Config } from './schema.ts';
import { settingsProblem } from './store-problem.ts';

/** As `tls.connect` takes them. Certificates and keys are contents (PEM), not paths. */
export interface RedisTlsSettings {
  /** Without it those of Node.js are trusted. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Without it the host that is connected to. */
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

type TlsConfig = Pick<Config, Extract<keyof Config, `redisTls${string}`>>;

const FILES = ['redisTlsCa', 'redisTlsCert', 'redisTlsKey'] as const;

/** Undefined without TLS. Throws BAD_CONFIG for files that cannot be read or hold no certificate or key. */
export function readRedisTls(config: TlsConfig, enabled: boolean): RedisTlsSettings | undefined {
  if (!enabled) {
    const given = [...FILES, 'redisTlsServerName' as const].find(setting => config[setting] !== '');
    if (given !== undefined)
      throw settingsProblem(given, 'is for TLS, which is off; set redisTls, or write rediss://');
    return undefined;
  }
  const ca = readPem('redisTlsCa', config.redisTlsCa, pem => new X509Certificate(pem));
  const cert = readPem('redisTlsCert', config.redisTlsCert, cert => createSecureContext({ cert }));
  const key = readPem('redisTlsKey', config.redisTlsKey, key => createSecureContext({ key }));
  if (cert !== undefined && key === undefined) throw settingsProblem('redisTlsCert', 'needs redisTlsKey');
  if (key !== undefined && cert === undefined) throw settingsProblem('redisTlsKey', 'needs redisTlsCert');
  if (cert !== undefined && key !== undefined)
    check('redisTlsKey', config.redisTlsKey, 'is not the key of redisTlsCert', () =>
      createSecureContext({ cert, key }),
    );
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(config.redisTlsServerName === '' ? {} : { servername: config.redisTlsServerName }),
    rejectUnauthorized: config.redisTlsRejectUnauthorized,
  };
}

function readPem(
  setting: (typeof FILES)[number],
  path: string,
  parse: (pem: string) => unknown,
): string | undefined {
  if (path === '') return undefined;
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (thrown) {
    throw settingsProblem(setting, `cannot read ${path}: ${errnoName(thrown) ?? 'not a file'}`);
  }
  const what = setting === 'redisTlsKey' ? 'key without a passphrase' : 'certificate';
  check(setting, path, `holds no ${what} in PEM`, () => parse(pem));
  return pem;
}

function check(setting: (typeof FILES)[number], path: string, reason: string, parse: () => unknown): void {
  try {
    parse();
  } catch {
    throw settingsProblem(setting, `${path} ${reason}`);
  }
}
