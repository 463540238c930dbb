import type {
  DrillClaim,
  DrillEvent,
  DrillMeasurement,
  DrillReport,
  DrillVerdict,
} from '@triterm/core/domain';
import { plainLine } from '@triterm/core/terminal';
import type { Look, Printer } from '../output/printer.ts';

type Paint = Printer['paint'];

const LOOKS: Readonly<Record<DrillVerdict, Look>> = {
  held: 'green',
  failed: 'red',
  error: 'red',
  skipped: 'yellow',
  interrupted: 'yellow',
};

/** What a person reads while drills run: the lines that an event adds. */
export function narrate(event: DrillEvent, paint: Paint): string[] {
  switch (event.event) {
    case 'started':
      return [paint('bold', event.drill.name), `  ${plainLine(event.drill.hypothesis)}`];
    case 'step':
      return [paint('dim', `  ${plainLine(event.what)} …`)];
    case 'claim':
      return [claimLine(event, paint)];
    case 'measurement':
      return [`  ${measurementText(event)}`];
    case 'ended':
      return [verdictLine(event.report, paint), ''];
  }
}

/** How a run has ended, in one line. */
export function summary(reports: readonly DrillReport[]): string {
  const count = (verdict: DrillVerdict) => reports.filter(report => report.verdict === verdict).length;
  const counted = (['failed', 'error', 'skipped', 'interrupted'] as const)
    .map(verdict => ({ verdict, times: count(verdict) }))
    .filter(({ times }) => times > 0)
    .map(({ verdict, times }) => `, ${times} ${verdict}`);
  return `${count('held')} of ${reports.length} held${counted.join('')}`;
}

function claimLine({ claim, held, found }: DrillClaim, paint: Paint): string {
  const mark = held ? paint('green', '✓') : paint('red', '✗');
  return `  ${mark} ${plainLine(claim)}${found === '' ? '' : paint('dim', ` (${plainLine(found)})`)}`;
}

export function measurementText({ what, value, unit }: DrillMeasurement): string {
  return `${plainLine(what)}: ${value}${unit === '' ? '' : ` ${unit}`}`;
}

function verdictLine({ name, verdict, reason, durationMs, kept }: DrillReport, paint: Paint): string {
  const why = reason === null ? '' : `: ${plainLine(reason)}`;
  const where = kept === null ? '' : `; kept in ${plainLine(kept)}`;
  return `  ${paint(LOOKS[verdict], verdict)}: ${name}, after ${(durationMs / 1000).toFixed(1)} s${why}${where}`;
}
