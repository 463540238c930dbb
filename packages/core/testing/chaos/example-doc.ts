import type { SessionDoc } from '../../src/domain/index.ts';

/** A document whose title says which order made it, and whose labels hold a count of 0. */
export function exampleDoc(tag: string): SessionDoc {
  return {
    argv: ['sh'],
    command: 'sh',
    shell: null,
    cwd: '/',
    title: tag,
    cols: 80,
    rows: 24,
    sizePolicy: 'latest',
    labels: { count: '0' },
    scrollbackLines: 1000,
    pid: 1,
    hostId: null,
    exitCode: null,
    signal: null,
    endedAt: null,
    bootId: 'boot',
  };
}
