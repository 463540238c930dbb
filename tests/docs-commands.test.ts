/** Every command of README and docs/ is run, in its order, as a reader would type it; what is not says why. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '@triterm/core/sandbox/postgres-server';
import { afterAll, describe, expect, it } from 'vitest';
import { faultOf, namedLines, tritermLines } from './support/documentation/command-line.ts';
import { plainBlocks, readPage } from './support/documentation/page.ts';
import { consoleCommands, pageScript } from './support/documentation/page-script.ts';
import { PAGE_TIMEOUT_MS, Sandbox } from './support/documentation/sandbox.ts';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => join('docs', name))
    .sort(),
].map(path => ({ path, markdown: readFileSync(join(ROOT, path), 'utf8') }));
const PAGES = SOURCES.flatMap(({ path, markdown }) => readPage(path, markdown));

/** What is not run. An entry more is a command less that is known to work: think twice. */
const SKIPPED: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['npm test is what runs the other blocks, and both install and build first'],
  'docs/benchmarks.md': Array(3).fill('it takes minutes, on a machine with nothing else to do'),
  'docs/chaos.md': ['it takes minutes; npm test runs a short one'],
  'docs/operations.md': Array(2).fill(
    'it needs a container engine; tests/deploy.test.ts reads the files and starts their Redis',
  ),
  'docs/drills.md': [
    'all drills take a minute; npm test runs every one',
    'it lets the Redis of a running daemon fail; npm test does it to one of its own',
  ],
  'docs/devices.md': ['it takes two people at their terminals, as in tests/fleet/devices.test.ts'],
  'docs/service.md': Array(7).fill(
    'it changes the systemd of this machine; tests/service does it with a stand-in',
  ),
};

let postgres: Promise<PostgresServer> | undefined;
afterAll(async () => (await postgres)?.dispose());

describe('the commands of a page', () => {
  it.concurrent.each(
    PAGES.filter(({ steps }) => steps.some(({ kind }) => kind === 'shown' || kind === 'background')),
  )('work as they stand: $path from line $line', { timeout: PAGE_TIMEOUT_MS + 30_000 }, async page => {
    await using sandbox = new Sandbox(() => {
      postgres ??= startPostgres();
      return postgres;
    });
    await sandbox.run(page);
  });

  it('are skipped for the reasons listed here only', () => {
    const skipped = PAGES.flatMap(({ path, steps }) =>
      steps.flatMap(({ reason }) => (reason === '' ? [] : [{ path, reason }])),
    );
    const reasons = Map.groupBy(skipped, ({ path }) => path);
    expect(
      Object.fromEntries([...reasons].map(([path, all]) => [path, all.map(({ reason }) => reason)])),
    ).toEqual(SKIPPED);
  });

  it('stand in blocks that say so', () => {
    const hidden = SOURCES.flatMap(({ path, markdown }) =>
      plainBlocks(markdown)
        .filter(text =>
          /^(?:\$ )?(?:npm|npx|node|triterm|tritermd|redis-\w+|psql|docker|systemctl|sudo|curl) /m.test(text),
        )
        .map(text => `${path}: ${text}`),
    );
    expect(hidden).toEqual([]);
  });
});

describe('command lines of triterm', () => {
  it.each(SOURCES)(
    'are such that there are, also where they are only named: $path',
    async ({ path, markdown }) => {
      const steps = readPage(path, markdown).flatMap(part => part.steps);
      const shell = steps.map(step => (step.language === 'console' ? consoleCommands(step) : step.text));
      const lines = [...shell.flatMap(tritermLines), ...namedLines(markdown)];
      const faults: string[] = [];
      for (const line of lines) {
        const fault = await faultOf(line);
        if (fault !== undefined) faults.push(`triterm ${line.join(' ')}: ${fault}`);
      }
      expect(faults).toEqual([]);
    },
  );
});

describe('a command line', () => {
  it('is found where a shell runs it, and read as a shell reads it', () => {
    const shell = [
      'triterm new -d -n "a b" -- sh -c \'echo $1; x\' > log # not this',
      'kill "$(triterm daemon status --json | jq .pid)" && A=1 B=2 triterm ls',
      'for n in 1; do triterm ls --all; done; echo triterm is fine; f() { triterm "$@"; }',
    ].join('\n');
    expect(tritermLines(shell)).toEqual([
      ['new', '-d', '-n', 'a b', '--', 'sh', '-c', 'echo $1; x'],
      ['daemon', 'status', '--json'],
      ['ls'],
      ['ls', '--all'],
    ]);
  });

  it.each([
    [['nothing'], 'there is no command "nothing"'],
    [['sessions', 'nothing'], 'there is no command "sessions nothing"'],
    [['ls', '--nothing'], '"ls" has no --nothing'],
    [['new', '-d', '--', 'ls', '--nothing'], undefined],
    [['--host', 'office', 'ls', '--json'], undefined],
    [['sessions', '--help'], undefined],
  ])('is known, with its options, or not: %j', async (line, fault) => {
    expect(await faultOf(line)).toBe(fault);
  });
});

describe('a page that is run', () => {
  const run = async (markdown: string) => {
    for (const part of readPage('page.md', markdown)) {
      await using sandbox = new Sandbox(() => Promise.reject(new Error('no PostgreSQL is needed here')));
      await sandbox.run(part);
    }
  };

  it('fails at its first command that fails, and says where', async () => {
    const failing = run('# Page\n\n```sh\ntrue\ntriterm sessions show nobody   # 3\ntouch never\n```\n');
    await expect(failing).rejects.toThrow(/page\.md:4: left with 3: triterm sessions show nobody/);
  });

  it('fails when what it has left in the background has failed', async () => {
    await expect(
      run('<!-- run: background -->\n```sh\nfalse\n```\n\n```sh\nsleep 0.2\n```\n'),
    ).rejects.toThrow('in the background');
  });

  it('fails where an attaching command does not attach', async () => {
    await expect(run('```sh\ntriterm attach nobody\n```\n')).rejects.toThrow('left with 3');
  });

  it('runs what readers do not see, and on each machine what its prompt says', () => {
    const markdown =
      '<!-- run:\nexport A=1\n-->\n<!-- run: skip because it is late -->\n```sh\nsleep 9\n```\n```console\none$ id\nroot\n$ pwd\n```\n';
    const [page, ...others] = readPage('page.md', markdown);
    if (page === undefined) throw new Error('no page');
    expect(others).toEqual([]);
    expect(page.steps.map(({ kind, line, reason }) => [kind, line, reason])).toEqual([
      ['hidden', 2, ''],
      ['skipped', 6, 'it is late'],
      ['shown', 9, ''],
    ]);
    const script = pageScript(page);
    expect(script).toContain("at='page.md:2'\nexport A=1\n");
    expect(script).toContain("at='page.md:9'\n( on one\nid\n)\npwd\n");
    expect(script).not.toContain('sleep 9');
    expect(script).not.toContain('root');
  });

  it('has parts that know nothing of each other, each with its own needs', async () => {
    const markdown =
      '```sh\ntouch here\n```\n<!-- run: on a new machine -->\n<!-- run: needs redis -->\n```sh\n[ ! -e here ]\n```\n';
    expect(
      readPage('page.md', markdown).map(({ line, needs, steps }) => [line, needs, steps.length]),
    ).toEqual([
      [1, [], 1],
      [5, ['redis'], 1],
    ]);
    await run(markdown);
  });

  it.each([
    '<!-- run: sometimes -->\n```sh\nid\n```\n',
    '<!-- run: needs luck -->\n',
    '<!-- run: background -->\n',
    '<!-- run: background -->\n<!-- run: on a new machine -->\n```sh\nid\n```\n',
    '<!-- run: background -->\n```json\n{}\n```\n',
  ])('says nothing that nobody understands: %j', markdown => {
    expect(() => readPage('page.md', markdown)).toThrow(/page\.md/);
  });
});
