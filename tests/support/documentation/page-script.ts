import type { Page, Step } from './page.ts';

/** Ends at the first command that fails, and says which; what is in the background must not have failed by the end. */
const PRELUDE = `set -eEmo pipefail
on() { :; }
background=()
trap 'status=$?; printf "\\n%s: left with %s: %s\\n" "$at" "$status" "$BASH_COMMAND" >&2' ERR
`;
const POSTLUDE = `at='in the background'
for job in "\${background[@]}"; do kill -0 "$job" 2>/dev/null || wait "$job"; done
`;

/** All commands of a page, as one bash script. On another machine (`NAME$ `) commands run in a shell that `on NAME` has prepared. */
export function pageScript({ path, steps }: Page): string {
  const parts = steps
    .filter(({ kind }) => kind !== 'skipped')
    .map(step => {
      const text = step.language === 'console' ? consoleCommands(step) : step.text;
      const place = `at='${path}:${step.line}'\n`;
      return step.kind === 'background' ? `${place}{\n${text}} &\nbackground+=($!)\n` : `${place}${text}`;
    });
  return [PRELUDE, ...parts, POSTLUDE].join('');
}

/** The commands of a block, without prompts and output. */
export function consoleCommands({ text }: Pick<Step, 'text'>): string {
  return [...text.matchAll(/^(?<machine>[a-z][\w-]*)?\$ +(?<command>.*)$/gm)]
    .map(({ groups: { machine, command = '' } = {} }) =>
      machine === undefined ? `${command}\n` : `( on ${machine}\n${command}\n)\n`,
    )
    .join('');
}
