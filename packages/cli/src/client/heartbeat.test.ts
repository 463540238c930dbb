import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heartbeat, ON_MACHINE } from './heartbeat.ts';

describe('Heartbeat', () => {
  let told: string[];
  let heartbeat: Heartbeat;

  beforeEach(() => {
    vi.useFakeTimers();
    told = [];
    heartbeat = new Heartbeat(ON_MACHINE, {
      ping: () => told.push('ping'),
      silent: () => told.push('silent'),
      back: () => told.push('back'),
    });
    heartbeat.start();
  });

  afterEach(() => {
    heartbeat.stop();
    vi.useRealTimers();
  });

  it('asks after a second of silence, and calls it silent after two', () => {
    vi.advanceTimersByTime(999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(['ping']);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(['ping', 'silent']);
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(['ping', 'silent']);
    heartbeat.heard();
    expect(told).toEqual(['ping', 'silent', 'back']);
  });

  it('asks nothing while something comes', () => {
    for (let i = 0; i < 10; i += 1) {
      vi.advanceTimersByTime(900);
      heartbeat.heard();
    }
    expect(told).toEqual([]);
  });

  it('is satisfied by an answer', () => {
    for (let i = 0; i < 5; i += 1) {
      vi.advanceTimersByTime(1000);
      expect(told.pop()).toBe('ping');
      heartbeat.heard();
    }
    expect(told).toEqual([]);
  });

  it('is quiet once it is stopped', () => {
    vi.advanceTimersByTime(1000);
    heartbeat.stop();
    vi.advanceTimersByTime(10_000);
    heartbeat.heard();
    expect(told).toEqual(['ping']);
  });
});
