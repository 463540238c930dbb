/** A controller types and counts for the size; a viewer does neither. */
export const ROLES = ['controller', 'viewer'] as const;
export type Role = (typeof ROLES)[number];
