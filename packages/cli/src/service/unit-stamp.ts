import { createHash } from 'node:crypto';

/**
 * What a file at its place is: nothing, what this version would write, ours of an earlier version or another Node,
 * ours with somebody's changes, or somebody else's.
 */
export type UnitState = 'absent' | 'current' | 'outdated' | 'edited' | 'foreign';

const OURS = 'Made by `triterm service install`';
const ADVICE = 'keep changes in a drop-in (systemctl edit), not here.';
const UNIT = /^# Made by `triterm service install`[^\n]*\n# sha256:([0-9a-f]{64})\n\n(.*)$/s;
const PLIST = /^(.*)<!-- Made by `triterm service install`, sha256:([0-9a-f]{64}) -->\n$/s;

/** A unit below a line that says whose it is, and its checksum, by which changes are noticed later. */
export function stampedUnit(content: string): string {
  return `# ${OURS}; ${ADVICE}\n# sha256:${checksum(content)}\n\n${content}`;
}

/** As `stampedUnit`, for XML, which must begin with what it is. */
export function stampedPlist(content: string): string {
  return `${content}<!-- ${OURS}, sha256:${checksum(content)} -->\n`;
}

/** What `found` (undefined: no file) is to somebody who would write `wanted` there. */
export function unitState(found: string | undefined, wanted: string): UnitState {
  if (found === undefined) return 'absent';
  if (found === wanted) return 'current';
  const [, unitSum, unit] = UNIT.exec(found) ?? [];
  const [, plist, plistSum] = PLIST.exec(found) ?? [];
  const sum = unitSum ?? plistSum;
  const content = unit ?? plist;
  if (sum === undefined || content === undefined) return 'foreign';
  return checksum(content) === sum ? 'outdated' : 'edited';
}

function checksum(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
