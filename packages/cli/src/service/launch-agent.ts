import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { xmlText } from '../output/xml.ts';

/** How launchd names the job. */
export const AGENT_LABEL = 'triterm.tritermd';

export interface LaunchAgentSetup {
  /** Program and arguments. */
  readonly daemon: readonly string[];
  readonly paths: Paths;
}

/**
 * A property list for launchd.plist(5) that keeps the daemon of one account. launchd makes no socket here: the daemon
 * does. It comes back unless it was told to leave, and what it has started outlives it. Throws SERVICE_FAILED.
 */
export function renderLaunchAgent({ daemon, paths }: LaunchAgentSetup): string {
  const entries: (readonly [string, string])[] = [
    ['Label', string(AGENT_LABEL)],
    ['ProgramArguments', array(daemon)],
    [
      'EnvironmentVariables',
      dictionary([
        ['TRITERM_STATE_DIR', string(paths.stateDir)],
        ['TRITERM_RUNTIME_DIR', string(paths.runDir)],
        ['TRITERM_CONFIG', string(paths.configFile)],
      ]),
    ],
    ['RunAtLoad', '<true/>'],
    ['KeepAlive', dictionary([['SuccessfulExit', '<false/>']])],
    ['AbandonProcessGroup', '<true/>'],
    ['ProcessType', string('Interactive')],
    ['WorkingDirectory', string('/')],
    // An octal 077; a property list has no octal numbers.
    ['Umask', '<integer>63</integer>'],
    ['StandardErrorPath', string(paths.logFile)],
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    dictionary(entries),
    '</plist>',
    '',
  ].join('\n');
}

function dictionary(entries: readonly (readonly [key: string, value: string])[]): string {
  return element(
    'dict',
    entries.flatMap(([key, value]) => [`<key>${escaped(key)}</key>`, value]),
  );
}

function array(values: readonly string[]): string {
  return element('array', values.map(string));
}

function string(value: string): string {
  return `<string>${escaped(value)}</string>`;
}

function element(name: string, children: readonly string[]): string {
  const lines = children.flatMap(child => child.split('\n')).map(line => `  ${line}`);
  return [`<${name}>`, ...lines, `</${name}>`].join('\n');
}

/** XML 1.0 has no way to write control characters. Throws SERVICE_FAILED. */
function escaped(text: string): string {
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new TermError(
      'SERVICE_FAILED',
      `A property list cannot express this path: ${JSON.stringify(text)}`,
      {
        hint: 'Use a path without control characters.',
      },
    );
  return xmlText(text);
}
