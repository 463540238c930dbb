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

it.each([[['--only', 'speed']], [['--peers', 'zellij']], [['--rounds', '0']], [['--fast']]])(
  'refuses %s',
  args => {
    expect(() => parseOptions(args)).toThrow(UsageError);
  },
);
