/** Protocol versions that this release speaks, both ends inclusive. A peer picks the highest common one. */
export const PROTOCOL = { min: 1, max: 1 } as const;

/** Protocol between daemon and pty-host; of its own, because a host lives through several daemons. */
export const HOST_PROTOCOL = { min: 1, max: 1 } as const;

/** The release. `scripts/check.mjs` holds it equal to the packages' versions. */
export const VERSION = '0.1.0';
