import { type Finding, ok, problem, warning } from './finding.ts';

export interface TerminalFacts {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `TERM` of new sessions, as configured. */
  readonly sessionTerm: string;
  isDescribed(term: string): boolean;
}

/** The terminal here, what programs in sessions will find, and the character set. */
export function checkTerminal(facts: TerminalFacts): Finding[] {
  return [checkTermHere(facts), checkSessionTerm(facts), checkLocale(facts.env)];
}

function checkTermHere({ isTerminal, env, isDescribed }: TerminalFacts): Finding {
  const name = 'terminal';
  const term = env.TERM ?? '';
  if (!isTerminal) return ok(name, 'none here; attaching needs one');
  if (term === '')
    return warning(
      name,
      'TERM is not set.',
      'Start triterm from a terminal emulator, or: export TERM=xterm-256color',
    );
  if (term === 'dumb')
    return warning(
      name,
      'TERM is dumb: this terminal cannot show a session.',
      'Attach from a terminal emulator.',
    );
  return isDescribed(term)
    ? ok(name, `TERM=${term}`)
    : warning(
        name,
        `No terminfo description of ${term} is installed.`,
        'Install ncurses-term, or: export TERM=xterm-256color',
      );
}

function checkSessionTerm({ sessionTerm, isDescribed }: TerminalFacts): Finding {
  const name = 'terminfo';
  return isDescribed(sessionTerm)
    ? ok(name, `sessions get TERM=${sessionTerm}`)
    : problem(
        name,
        `No terminfo description of ${sessionTerm}, the TERM of sessions, is installed.`,
        'Install ncurses-base (ncurses-term for rarer terminals), or set `term` in the configuration file.',
      );
}

/** The character set of a locale is the first of LC_ALL, LC_CTYPE and LANG that is set (setlocale(3)). */
function checkLocale(env: TerminalFacts['env']): Finding {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale)
    ? ok('locale', locale)
    : warning(
        'locale',
        locale === ''
          ? 'No locale is set: programs may not show letters beyond ASCII.'
          : `The locale ${locale} is not UTF-8: programs may not show letters beyond ASCII.`,
        'export LANG=C.UTF-8',
      );
}
