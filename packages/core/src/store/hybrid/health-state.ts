/** How Redis is, as the health machine has it. Starts in `down`. */
export type HealthState = 'down' | 'resync' | 'up' | 'suspect';
