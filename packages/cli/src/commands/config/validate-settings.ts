import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ConfigProblem, type ConfigReport, checkConfig } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import { createPrinter, type Look, type Printer } from '../../output/printer.ts';
import { countText } from '../../output/quantity.ts';
import type { CommandContext } from '../definition.ts';
import { KEY_AGREEMENT } from './key-agreement.ts';
import { problemText } from './print-problems.ts';

/** Tells everything that is wrong with the configuration, or with `file` in its place. Returns the exit code. Throws FILE_NOT_FOUND. */
export function validateSettings(
  file: string | undefined,
  json: boolean,
  { cwd, env, paths, stdout }: CommandContext,
): number {
  const configFile = file === undefined ? paths.configFile : resolve(cwd(), file);
  if (file !== undefined && !existsSync(configFile))
    throw new TermError('FILE_NOT_FOUND', `There is no file ${configFile}.`);
  const report = checkConfig({ ...paths, configFile }, env, [KEY_AGREEMENT]);
  const valid = report.problems.length === 0;
  const printer = createPrinter(stdout, env);
  if (json) printer.json({ configFile, valid, ...report });
  else for (const line of reportLines(report, configFile, printer)) printer.line(line);
  return valid ? 0 : 1;
}

function reportLines({ problems, warnings }: ConfigReport, configFile: string, printer: Printer): string[] {
  const lines = [
    ...problems.map(problem => reportLine('problem', 'red', problem, printer)),
    ...warnings.map(problem => reportLine('warning', 'yellow', problem, printer)),
  ];
  if (problems.length > 0) return [...lines, `${countText(problems.length, 'problem', 'problems')}.`];
  const place = existsSync(configFile)
    ? `${configFile} is in order.`
    : `${configFile} is not there; every setting has its default or that of a variable.`;
  return [...lines, place];
}

function reportLine(word: string, look: Look, problem: ConfigProblem, printer: Printer): string {
  return `${printer.paint(look, word)}  ${problemText(problem)}`;
}
