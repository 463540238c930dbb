import { describe, expect, it } from 'vitest';
import { HandOverRequests, mayTake, REQUEST_LAPSE_MS, takesByAttaching } from './hand-over.ts';

describe('requests to be the primary client', () => {
  it('are kept in the order in which they came last', () => {
    const requests = new HandOverRequests<string>();
    for (const client of ['desktop', 'phone', 'desktop']) requests.ask(client, 0);
    expect(requests.all).toEqual(['phone', 'desktop']);
  });

  it('end once', () => {
    const requests = new HandOverRequests<string>();
    requests.ask('phone', 0);
    expect([requests.end('phone'), requests.end('phone')]).toEqual([true, false]);
    expect([requests.all, requests.lapsesAtMs]).toEqual([[], undefined]);
  });

  it('lapse when their time is up, counted from when they came last', () => {
    const requests = new HandOverRequests<string>();
    requests.ask('desktop', 0);
    requests.ask('phone', 10);
    requests.ask('desktop', 20);
    expect(requests.lapsesAtMs).toBe(10 + REQUEST_LAPSE_MS);
    expect(requests.lapse(9 + REQUEST_LAPSE_MS)).toEqual([]);
    expect(requests.lapse(10 + REQUEST_LAPSE_MS)).toEqual(['phone']);
    expect(requests.all).toEqual(['desktop']);
  });
});

describe('the policy', () => {
  it('lets a client that attaches be the primary one where there is none, and by typing where it does not only return', () => {
    const attaches = (policy: 'typing' | 'explicit' | 'request', hasPrimary: boolean, isReturning: boolean) =>
      takesByAttaching(policy, { hasPrimary, isReturning });
    for (const policy of ['typing', 'explicit', 'request'] as const)
      expect(attaches(policy, false, true)).toBe(true);
    expect([attaches('typing', true, false), attaches('typing', true, true)]).toEqual([true, false]);
    expect([attaches('explicit', true, false), attaches('request', true, false)]).toEqual([false, false]);
  });

  it('protects the primary client from being replaced unasked where it says so, except by those who run the servers', () => {
    const takes = (policy: 'typing' | 'explicit' | 'request', hasOther: boolean, isAdmin: boolean) =>
      mayTake(policy, { hasOther, isAdmin });
    expect(takes('request', true, false)).toBe(false);
    expect([takes('request', false, false), takes('request', true, true)]).toEqual([true, true]);
    expect([takes('typing', true, false), takes('explicit', true, false)]).toEqual([true, true]);
  });
});
