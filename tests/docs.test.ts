import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RELOAD } from '@triterm/core/config/load';
import { ERROR_CATALOG, EXIT_CODES } from '@triterm/core/errors';
import { METHOD_ACCESS, type MethodAccess } from '@triterm/core/protocol';
import { METHODS } from '@triterm/core/protocol/messages';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Links of a page that lead into the repository. */
function localLinks(page: string): string[] {
  return [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target ?? '')
    .filter(target => !/^[a-z]+:/.test(target));
}

describe('the documentation', () => {
  it.each([
    'generate-protocol-schema',
    'generate-error-docs',
    'generate-configuration-docs',
    'generate-degraded-mode',
    'generate-metrics-docs',
    'generate-man-pages',
    'generate-service-units',
  ])('is what the sources say: %s', script => {
    const args = ['--conditions=@triterm/source', `scripts/${script}.mjs`, '--check'];
    execFileSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  });

  it('of the protocol names every method and every exit code', () => {
    const page = read('docs/protocol.md');
    expect(Object.keys(METHODS).filter(method => !page.includes(`\`${method}\``))).toEqual([]);
    for (const [category, code] of Object.entries(EXIT_CODES))
      expect(page).toContain(`| ${code} | ${category} |`);
  });

  it('of tokens says what each scope allows, as the router decides it', () => {
    const rows = [...read('docs/tokens.md').matchAll(/^\| ((?:view|use|admin)[^|]*) \| (.*) \|$/gm)];
    const told = rows.map(([, scope, methods]) => [scope, methods?.match(/`[a-z]+(?:\.[a-z]+)?`/g) ?? []]);
    const named = (filter: (access: MethodAccess) => boolean) =>
      Object.entries(METHOD_ACCESS)
        .filter(([, access]) => filter(access))
        .map(([method]) => `\`${method}\``);
    expect(told).toEqual([
      ['view', [...named(({ scope }) => scope === 'view'), '`session.attach`', '`lossless`']],
      ['use', named(({ scope }) => scope === 'controller' || scope === 'use')],
      ['admin', named(({ scope, on }) => scope === 'admin' && on !== 'host')],
      ['admin, through the unix socket only', named(({ on }) => on === 'host')],
    ]);
  });

  it('of reloads says when each setting is taken up', () => {
    const [, table = ''] = read('docs/logs.md').split('| settings | taken up |');
    const rows = [...table.matchAll(/^\| (`.*) \| (.*) \|$/gm)];
    const told = rows
      .filter(([, , when]) => !/restart/.test(when ?? ''))
      .flatMap(([, settings]) => settings?.match(/(?<=`)\w+(?=`)/g) ?? []);
    const taken = Object.entries(RELOAD).filter(([, takenUp]) => takenUp !== 'restart');
    expect(told.toSorted()).toEqual(taken.map(([setting]) => setting).toSorted());
  });

  it('of security names for each threat tests that there are', () => {
    const [, table = ''] = read('docs/security.md').split('| threat | defence | test |');
    const [rows = ''] = table.split('\n## ');
    const threats = rows.split('\n').filter(row => row.startsWith('| '));
    expect(threats.length).toBeGreaterThan(20);
    for (const threat of threats) {
      const tests = [...threat.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, path = '']) => path);
      expect(tests, threat).not.toEqual([]);
      for (const path of tests) expect(read(path), path).toContain('it');
    }
  });

  it('of the errors has every code once', () => {
    const page = read('docs/errors.md');
    for (const code of Object.keys(ERROR_CATALOG)) expect(page.split(`| \`${code}\` |`)).toHaveLength(2);
  });

  it('of the schemas lets peers of a later release say more', () => {
    for (const file of ['protocol', 'pty-host-protocol'])
      expect(read(`docs/${file}.schema.json`)).not.toContain('"additionalProperties": false');
  });

  it('lists every decision in its index, and each says context, decision and consequences', () => {
    const index = read('docs/adr/README.md');
    const records = readdirSync(join(ROOT, 'docs/adr')).filter(name => /^\d{4}-.*\.md$/.test(name));
    expect(records.length).toBeGreaterThan(0);
    for (const name of records) {
      expect(index).toContain(`(${name})`);
      const text = read(`docs/adr/${name}`);
      expect(text.match(/^## .*$/gm)).toEqual(['## Context', '## Decision', '## Consequences']);
      expect(text.split('\n').length).toBeLessThanOrEqual(60);
    }
  });

  it('leads nowhere that is not there', () => {
    const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.md'))
      .map(name => join('docs', name));
    const dead = ['README.md', ...pages].flatMap(page =>
      localLinks(read(page)).filter(target => {
        try {
          read(join(page, '..', target));
          return false;
        } catch (thrown) {
          // A directory is there too.
          return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'EISDIR');
        }
      }),
    );
    expect(dead).toEqual([]);
  });
});
