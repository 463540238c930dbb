import { describe, expect, it } from 'vitest';
import {
  HEALTH_EFFECTS,
  HEALTH_EVENTS,
  HEALTH_STATES,
  type HealthEvent,
  type HealthMove,
  type HealthState,
  transition,
} from './health-state.ts';

const stays = (state: HealthState): HealthMove => ({ state, effects: [] });

/** Every event in every state; what docs/degraded-mode.md draws. */
const TABLE: Record<HealthState, Record<HealthEvent, HealthMove>> = {
  down: {
    answered: { state: 'resync', effects: ['startResync'] },
    timedOut: stays('down'),
    disconnected: stays('down'),
    refused: stays('down'),
    moved: stays('down'),
    channelGap: stays('down'),
    resynced: stays('down'),
    resyncFailed: stays('down'),
  },
  resync: {
    answered: stays('resync'),
    timedOut: stays('resync'),
    disconnected: { state: 'down', effects: ['abortResync', 'keepProbing'] },
    refused: { state: 'down', effects: ['abortResync', 'keepProbing'] },
    moved: { state: 'resync', effects: ['startResync'] },
    channelGap: { state: 'resync', effects: ['startResync'] },
    resynced: { state: 'up', effects: [] },
    resyncFailed: { state: 'down', effects: ['keepProbing'] },
  },
  up: {
    answered: stays('up'),
    timedOut: { state: 'suspect', effects: ['probe'] },
    disconnected: { state: 'down', effects: ['keepProbing'] },
    refused: { state: 'down', effects: ['keepProbing'] },
    moved: { state: 'resync', effects: ['startResync'] },
    channelGap: { state: 'resync', effects: ['startResync'] },
    resynced: stays('up'),
    resyncFailed: stays('up'),
  },
  suspect: {
    answered: { state: 'up', effects: [] },
    timedOut: { state: 'down', effects: ['keepProbing'] },
    disconnected: { state: 'down', effects: ['keepProbing'] },
    refused: { state: 'down', effects: ['keepProbing'] },
    moved: { state: 'resync', effects: ['startResync'] },
    channelGap: { state: 'resync', effects: ['startResync'] },
    resynced: stays('suspect'),
    resyncFailed: stays('suspect'),
  },
};

describe('transition', () => {
  for (const state of HEALTH_STATES) {
    for (const event of HEALTH_EVENTS) {
      it(`goes from ${state} on ${event} to ${TABLE[state][event].state}`, () => {
        expect(transition(state, event)).toEqual(TABLE[state][event]);
      });
    }
  }

  it('comes up by a resynchronisation only, unless one probe was late', () => {
    for (const state of HEALTH_STATES)
      for (const event of HEALTH_EVENTS)
        if (state !== 'up' && transition(state, event).state === 'up')
          expect([`resync/resynced`, `suspect/answered`]).toContain(`${state}/${event}`);
  });

  it('begins a resynchronisation whenever it enters that state, and names no effect that is not known', () => {
    for (const state of HEALTH_STATES) {
      for (const event of HEALTH_EVENTS) {
        const move = transition(state, event);
        if (move.state === 'resync' && state !== 'resync') expect(move.effects).toContain('startResync');
        for (const effect of move.effects) expect(HEALTH_EFFECTS).toContain(effect);
      }
    }
  });

  it('finds its way back from every state', () => {
    for (const state of HEALTH_STATES) {
      const down = transition(state, 'disconnected').state;
      const resyncing = transition(down, 'answered').state;
      expect(transition(resyncing, 'resynced').state).toBe('up');
    }
  });
});
