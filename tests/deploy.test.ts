/** The files of deploy/. Container tools are not needed: what they would read is read, and what they would run is run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@triterm/core/sandbox/free-port';
import { eventually } from '@triterm/core/sandbox/redis-process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { faultOf, tritermLines } from './support/documentation/command-line.ts';
import { readPage } from './support/documentation/page.ts';
import { Sandbox } from './support/documentation/sandbox.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const duration = z.string().regex(/^\d+(?:ms|s|m|h)$/);
/** The part of the compose specification (https://compose-spec.io) that is used; anything else may be a slip. */
const composeSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string().regex(/^[a-z]+(?::[\w.-]+)?$/),
      build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
      profiles: z.array(z.string()).optional(),
      restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']),
      user: z.string().optional(),
      environment: z.record(z.string(), z.string()).optional(),
      command: z.array(z.string()).optional(),
      secrets: z.array(z.string()),
      volumes: z.array(z.string().regex(/^[a-z]+:\/[\w/]+$/)),
      ports: z.array(z.string()).optional(),
      depends_on: z
        .record(
          z.string(),
          z.strictObject({
            condition: z.enum(['service_started', 'service_healthy']),
            required: z.boolean().optional(),
          }),
        )
        .optional(),
      healthcheck: z
        .strictObject({
          test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])], z.string()),
          interval: duration,
          timeout: duration,
          retries: z.int().min(1),
          start_period: duration,
        })
        .optional(),
      stop_grace_period: duration.optional(),
      security_opt: z.array(z.string()).optional(),
    }),
  ),
  secrets: z.record(z.string(), z.strictObject({ file: z.string().startsWith('./secrets/') })),
  volumes: z.record(z.string(), z.null()),
});

describe('deploy/compose.yaml', () => {
  const text = read('deploy/compose.yaml');
  const compose = composeSchema.parse(parse(text));
  const services = Object.entries(compose.services);

  it('names only what it defines', () => {
    for (const [name, { secrets, volumes, depends_on = {}, build }] of services) {
      for (const secret of secrets) expect(Object.keys(compose.secrets), name).toContain(secret);
      for (const volume of volumes)
        expect(Object.keys(compose.volumes), name).toContain(volume.split(':')[0]);
      for (const service of Object.keys(depends_on))
        expect(compose.services[service]?.healthcheck, name).toBeDefined();
      if (build !== undefined)
        expect(existsSync(join(ROOT, 'deploy', build.context, build.dockerfile))).toBe(true);
    }
    const used = (of: 'secrets' | 'volumes') =>
      new Set(services.flatMap(([, service]) => service[of].map(item => item.split(':')[0])));
    expect([...used('secrets')].sort()).toEqual(Object.keys(compose.secrets).sort());
    expect([...used('volumes')].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('is open to this host alone, and holds no secret', () => {
    for (const [, { ports = [] }] of services)
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    expect(text).not.toMatch(/password[:=] *[^\s/]|requirepass (?!"\$\$\(cat )/i);
  });

  it('starts a Redis that keeps what it is told, asks for the password, and is found healthy with it', async () => {
    const { command: [shell = '', ...args] = [], healthcheck } = compose.services.redis ?? {};
    const dir = mkdtempSync(join(tmpdir(), 'tt-'));
    const port = await freePort();
    const here = (words: string) =>
      words
        .replaceAll('$$', '$')
        .replaceAll('/run/secrets', dir)
        .replaceAll('dir /data', `dir ${dir}\nport ${port}\nbind 127.0.0.1`)
        .replaceAll('redis-cli', `redis-cli -p ${port}`);
    writeFileSync(join(dir, 'redis-password'), 'known to us');
    const run = (file: string, words: readonly string[]) =>
      spawn(file, words.map(here), { cwd: dir, stdio: 'ignore', timeout: 20_000 });
    const check = async (command: string) => {
      const [status] = await once(run('sh', ['-c', command]), 'exit');
      return status === 0;
    };
    const server = run(shell, args);
    const ended = once(server, 'exit');
    try {
      await eventually('it is healthy', () => check(healthcheck?.test[1] ?? ''));
      expect(await check('redis-cli ping | grep -q NOAUTH')).toBe(true);
      expect(existsSync(join(dir, 'appendonlydir'))).toBe(true);
      server.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    } finally {
      server.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true });
    }
  });
});

describe('deploy/Containerfile', () => {
  const instructions = read('deploy/Containerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map(line => /^(?<name>[A-Z]+) +(?<rest>.*)$/.exec(line)?.groups ?? {})
    .map(({ name = '', rest = '' }) => ({ name, words: rest.split(/ +/), rest }))
    .filter(({ name }) => name !== '');
  const last = (name: string) => instructions.findLast(instruction => instruction.name === name);

  it('copies what there is, and all that the build reads', () => {
    const copied = instructions
      .filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from='))
      .flatMap(({ words }) => words.slice(0, -1));
    for (const source of copied) expect(existsSync(join(ROOT, source)), source).toBe(true);
    const { workspaces } = JSON.parse(read('package.json'));
    const inputs = [
      ...[
        'package.json',
        'package-lock.json',
        '.npmrc',
        'turbo.json',
        'tsconfig.base.json',
        'scripts/bundle.mjs',
      ],
      ...workspaces.flatMap((name: string) => [`${name}/package.json`, `${name}/src/`]),
    ];
    const isCopied = (input: string) =>
      copied.some(source => source === input || (source.endsWith('/') && input.startsWith(source)));
    expect(inputs.filter(input => !isCopied(input))).toEqual([]);
  });

  it('runs the daemon without privileges, under an init, and looks at it as the command line does', async () => {
    expect(last('USER')?.rest).toBe('triterm');
    expect(JSON.parse(last('ENTRYPOINT')?.rest ?? '')).toEqual(['tini', '--', '/opt/triterm/entrypoint.sh']);
    const [line = [], ...others] = tritermLines(last('HEALTHCHECK')?.rest.replace(/^.* CMD /, '') ?? '');
    expect([others, await faultOf(line)]).toEqual([[], undefined]);
    const state = /TRITERM_STATE_DIR=(\S+)/.exec(last('ENV')?.rest ?? '')?.[1];
    expect(last('VOLUME')?.rest).toBe(state);
  });

  it('keeps sessions while daemons come and go, and ends with the last one in order', async () => {
    await using sandbox = new Sandbox(() => Promise.reject(new Error('no PostgreSQL is needed here')));
    const commands = `
      sh deploy/entrypoint.sh &
      until triterm daemon status 2> /dev/null; do sleep 0.05; done
      triterm new -d -n kept -- cat
      kill -9 "$(triterm daemon status --json | jq .pid)"
      triterm ls > /dev/null
      triterm daemon restart
      triterm ls --json | jq -e 'map(.state) == ["running"]'
      kill -TERM %1
      wait %1
      status=0
      triterm daemon status || status=$?
      [ "$status" = 6 ]`;
    const page = readPage('entrypoint', `\`\`\`sh${commands}\n\`\`\`\n`);
    for (const part of page) await sandbox.run(part);
  });

  it('is built for a release of Node.js that the packages support', () => {
    const { engines } = JSON.parse(read('packages/cli/package.json'));
    const [, least] = /^>=(\d+)\./.exec(engines.node) ?? [];
    const bases = instructions.filter(({ name }) => name === 'FROM').map(({ words }) => words[0]);
    expect(bases).toHaveLength(2);
    for (const base of bases)
      expect(Number(/^node:(\d+)-/.exec(base ?? '')?.[1])).toBeGreaterThanOrEqual(Number(least));
  });
});
