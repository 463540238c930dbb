import { expect, it } from 'vitest';
import { parseOptions, UsageError } from './options.ts';

it('measures everything at full scale unless told otherwise', () => {
  const options = parseOptions([]);
  expect(options.measures.map(({ name }) => name)).toContain('fan-out');
  expect(options.peers.map(({ name }) => name)).toEqual([
    'bare',
    'triterm',
    'tmux',
    'screen',
    'abduco',
    'dtach',
  ]);
  expect(options.scale.megabytes).toBe(40);
});

it('takes a choice of measures and peers, and another scale', () => {
  const options = parseOptions([
    '--only',
    'echo,throughput',
    '--peers=tmux,bare',
    '--quick',
    '--rounds',
    '5',
  ]);
  expect(options.measures.map(({ name }) => name)).toEqual(['throughput', 'echo']);
  expect(options.peers.map(({ name }) => name)).toEqual(['bare', 'tmux']);
  expect(options.scale).toMatchObject({ megabytes: 4, repetitions: 5 });
});

it('takes the measures of the hybrid store with its suite', () => {
  const options = parseOptions([
    '--suite',
    'hybrid-store',
    '--only',
    'hang,reads',
    '--quick',
    '--rounds',
    '3',
  ]);
  expect(options.suite).toBe('hybrid-store');
  expect(options.storeMeasures).toEqual(['reads', 'hang']);
  expect(options.storeScale).toMatchObject({ rounds: 3, sessions: 1000 });
  expect(parseOptions([]).suite).toBe('terminals');
});

it('takes the measures of the fleet with its suite', () => {
  const options = parseOptions(['--suite', 'fleet', '--only', 'registry', '--quick']);
  expect(options.fleetMeasures).toEqual(['registry']);
  expect(options.fleetScale.sockets.at(-1)).toBeLessThan(10_000);
  expect(parseOptions(['--suite', 'fleet']).fleetScale).toMatchObject({ clients: [10, 100, 1000] });
});

it.each([
  [['--only', 'speed']],
  [['--peers', 'zellij']],
  [['--rounds', '0']],
  [['--fast']],
  [['--suite', 'redis']],
  [['--only', 'reads']],
  [['--suite', 'hybrid-store', '--only', 'echo']],
  [['--suite', 'fleet', '--only', 'reads']],
  [['--suite', 'fleet', '--megabytes', '4']],
])('refuses %s', args => {
  expect(() => parseOptions(args)).toThrow(UsageError);
});
