/** What the protocol lets a variable be: the kernel's own limit for one string is about the same. */
const MAX_NAME_CHARACTERS = 256;
const MAX_VALUE_CHARACTERS = 128 * 1024;

/** What says something of the person, and not of a machine, its places or its secrets: what ssh(1) sends as a rule, and the clock. */
const OF_THE_PERSON = /^(?:LANG|LANGUAGE|TZ|COLORTERM|NO_COLOR|LC_[A-Z]+)$/;

/**
 * The client's environment as `session.create` and `session.attach` take it; the daemon filters it. To another machine goes only what
 * means something there: it has its own `HOME` and `PATH`, and is not told our secrets.
 */
export function clientEnvironment(env: NodeJS.ProcessEnv, isElsewhere: boolean): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name === '' || name.length > MAX_NAME_CHARACTERS) continue;
    if (isElsewhere && !OF_THE_PERSON.test(name)) continue;
    if (value.length <= MAX_VALUE_CHARACTERS) kept[name] = value;
  }
  return kept;
}
