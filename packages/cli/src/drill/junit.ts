import type { DrillReport } from '@triterm/core/domain';
import { xmlText } from '../output/xml.ts';
import { measurementText } from './narrator.ts';

/** Reports as JUnit's XML, which CI systems read: a test case for each drill. */
export function junitXml(reports: readonly DrillReport[]): string {
  const count = (...verdicts: readonly string[]) =>
    reports.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const seconds = reports.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
  const head =
    `<testsuite name="triterm drill" tests="${reports.length}" failures="${count('failed')}" ` +
    `errors="${count('error', 'interrupted')}" skipped="${count('skipped')}" time="${seconds.toFixed(3)}">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...reports.map(testCase), '</testsuite>', ''].join(
    '\n',
  );
}

function testCase(report: DrillReport): string {
  const { name, mode, startedAt, durationMs } = report;
  return [
    `  <testcase classname="triterm.drill.${mode}" name="${attribute(name)}" timestamp="${attribute(startedAt)}" time="${(durationMs / 1000).toFixed(3)}">`,
    ...outcome(report),
    `    <system-out>${text(story(report))}</system-out>`,
    '  </testcase>',
  ].join('\n');
}

function outcome({ verdict, reason, claims }: DrillReport): string[] {
  const message = attribute(reason ?? '');
  if (verdict === 'held') return [];
  if (verdict === 'skipped') return [`    <skipped message="${message}"/>`];
  if (verdict !== 'failed') return [`    <error message="${message}" type="${verdict}"/>`];
  const broken = claims.filter(({ held }) => !held).map(({ claim, found }) => `${claim}: ${found}`);
  return [`    <failure message="${message}" type="claim">${text(broken.join('\n'))}</failure>`];
}

function story({ hypothesis, steps, claims, measurements }: DrillReport): string {
  return [
    hypothesis,
    ...steps.map(({ what, durationMs }) => `step: ${what} (${durationMs} ms)`),
    ...claims.map(
      ({ claim, held, found }) =>
        `${held ? 'true' : 'not true'}: ${claim}${found === '' ? '' : ` (${found})`}`,
    ),
    ...measurements.map(measurement => `measured: ${measurementText(measurement)}`),
  ].join('\n');
}

function text(value: string): string {
  // XML has no way to write other control characters at all.
  const allowed = value.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return xmlText(allowed);
}

function attribute(value: string): string {
  return text(value)
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n\r]/g, ' ');
}
