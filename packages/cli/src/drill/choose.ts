import { closest, type DrillInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';

export interface DrillWish {
  readonly names: readonly string[];
  readonly all: boolean;
  readonly live: boolean;
}

/** The drills that are meant, each once. `--all` of the running system are those that are safe on it. Throws USAGE, DRILL_NOT_FOUND. */
export function chooseDrills(
  known: readonly DrillInfo[],
  { names, all, live }: DrillWish,
): readonly DrillInfo[] {
  if (all && names.length > 0) throw new TermError('USAGE', 'Name drills or give --all, not both.');
  if (all) return live ? known.filter(drill => drill.live) : known;
  if (names.length === 0)
    throw new TermError('USAGE', 'Name a drill, or give --all.', { hint: 'See `triterm drill ls`.' });
  return [...new Set(names)].map(name => {
    const found = known.find(drill => drill.name === name);
    if (found !== undefined) return found;
    const near = closest(
      name,
      known.map(drill => drill.name),
    );
    const guess = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new TermError('DRILL_NOT_FOUND', `There is no drill ${JSON.stringify(name)}.${guess}`);
  });
}
