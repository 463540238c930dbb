/**
 * What makes another client the primary one. `typing`: whoever types; `explicit`: `triterm sessions take`, by whomever; `request`:
 * the primary one grants it, or nobody is primary.
 */
export const HAND_OVERS = ['typing', 'explicit', 'request'] as const;
export type HandOver = (typeof HAND_OVERS)[number];
