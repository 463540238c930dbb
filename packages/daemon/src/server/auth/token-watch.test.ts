import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TokenWatch } from './token-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A table whose answers are given by the test. */
function setUp() {
  const asked: PromiseWithResolvers<string[]>[] = [];
  const watch = new TokenWatch({
    table: {
      refusedTokens: () => {
        const answer = Promise.withResolvers<string[]>();
        asked.push(answer);
        return answer.promise;
      },
      findToken: async () => undefined,
    },
    confirmed: () => {},
    refused: () => {},
    trouble: () => {},
  });
  const controller = new AbortController();
  watch.add('01234567', controller);
  return { asked, watch, controller };
}

it('a watch that was stopped while it asked asks again at once, because that answer may be old', async () => {
  const { asked, watch, controller } = setUp();
  await vi.advanceTimersByTimeAsync(700);
  expect(asked).toHaveLength(1);
  vi.setSystemTime(Date.now() + 60_000);
  await vi.advanceTimersByTimeAsync(700);
  asked[0]?.resolve([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveLength(2);
  asked[1]?.resolve(['01234567']);
  await vi.advanceTimersByTimeAsync(0);
  expect(controller.signal.reason).toMatchObject({ code: 'TOKEN_REVOKED' });
  watch.close();
});

it('a watch whose answers are slow asks one question at a time, at its own pace', async () => {
  const { asked, watch } = setUp();
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked).toHaveLength(1);
  asked[0]?.resolve([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(700);
  expect(asked).toHaveLength(2);
  watch.close();
});
