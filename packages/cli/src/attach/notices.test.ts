import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Notices } from './notices.ts';

describe('Notices', () => {
  let done: string[];
  let isShown: boolean;
  let notices: Notices;

  beforeEach(() => {
    vi.useFakeTimers();
    done = [];
    isShown = true;
    notices = new Notices({
      isShown: () => isShown,
      write: text => done.push(text),
      repair: () => done.push('repair'),
    });
  });

  afterEach(() => {
    notices.forget();
    vi.useRealTimers();
  });

  it('repairs the screen when a notice is over and the output rests', () => {
    notices.say('gone');
    notices.output();
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual(['gone']);
    notices.over();
    for (let i = 0; i < 10; i += 1) {
      vi.advanceTimersByTime(100);
      notices.output();
    }
    expect(done).toEqual(['gone']);
    vi.advanceTimersByTime(150);
    expect(done).toEqual(['gone', 'repair']);
    notices.attached(true);
    notices.over();
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual(['gone', 'repair']);
  });

  it('repairs it later where the connection was lost meanwhile', () => {
    notices.say('gone');
    notices.attached(false);
    vi.advanceTimersByTime(150);
    expect(done).toEqual(['gone', 'repair']);
    notices.say('gone', 3000);
    notices.attached(false);
    vi.advanceTimersByTime(150);
    expect(done).toEqual(['gone', 'repair', 'repair']);
    notices.attached(true);
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual(['gone', 'repair', 'repair']);
  });

  it('repairs it in the end even if the output never rests', () => {
    notices.say('gone');
    notices.over();
    for (let i = 0; i < 51; i += 1) {
      vi.advanceTimersByTime(100);
      notices.output();
    }
    expect(done).toEqual(['gone', 'repair']);
  });

  it('says nothing of what is over before its time', () => {
    notices.say('gone', 3000);
    vi.advanceTimersByTime(2999);
    notices.over();
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual([]);
    notices.say('gone', 3000);
    vi.advanceTimersByTime(3000);
    expect(done).toEqual(['gone']);
  });

  it('takes a brief notice back by itself', () => {
    notices.sayBriefly('read-only');
    vi.advanceTimersByTime(1500 + 150);
    expect(done).toEqual(['read-only', 'repair']);
  });

  it('still repairs the screen when one notice follows another', () => {
    notices.say('gone');
    notices.over();
    notices.say('gone again', 3000);
    notices.over();
    vi.advanceTimersByTime(150);
    expect(done).toEqual(['gone', 'repair']);
  });

  it('writes over nothing that is not there, and forgets', () => {
    isShown = false;
    notices.say('gone');
    notices.over();
    isShown = true;
    notices.say('gone');
    notices.forget();
    notices.over();
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual(['gone']);
  });
});
