import { describe, expect, it } from 'vitest';
import { FleetEventsArrival } from './fleet-events-arrival.ts';

const arrivals = (...numbers: number[]) => {
  const arrival = new FleetEventsArrival();
  return numbers.map(seq => arrival.came('server-2/1', seq));
};

describe('numbered messages of a sender', () => {
  it('come in turn', () => {
    expect(arrivals(1, 2, 3)).toEqual(['next', 'next', 'next']);
  });

  it('show a gap where one is missing, also before the first that is heard', () => {
    expect(arrivals(1, 3)).toEqual(['next', 'gap']);
    expect(arrivals(7, 8)).toEqual(['gap', 'next']);
  });

  it('come late over another way, and once', () => {
    expect(arrivals(1, 4, 2, 2, 3, 4, 5)).toEqual(['next', 'gap', 'late', 'again', 'late', 'again', 'next']);
  });

  it('are counted for each sender', () => {
    const arrival = new FleetEventsArrival();
    arrival.came('server-2/1', 9);
    expect(arrival.came('server-2/2', 1)).toBe('next');
    expect(arrival.came('server-2/1', 10)).toBe('next');
  });

  it('take bounded room, whatever is missing and whoever sends', () => {
    const arrival = new FleetEventsArrival();
    arrival.came('server-2/1', 1);
    expect(arrival.came('server-2/1', 1_000_000_000)).toBe('gap');
    expect(arrival.came('server-2/1', 2)).toBe('again');
    expect(arrival.came('server-2/1', 999_999_999)).toBe('late');
    for (let server = 0; server < 1000; server++) arrival.came(`server-3/${server}`, 1);
    expect(arrival.came('server-2/1', 1_000_000_000)).toBe('gap');
  });
});
