import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** Standard input, output and error stay. */
const FIRST_OTHER = 3;
/** O_CLOEXEC in the flags that proc(5) shows, which are octal. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes what whoever started us left open and Node has not marked close-on-exec, as it does with the lowest; what Node
 * opens is marked. Does nothing where there is no /proc.
 */
export function closeInherited(): void {
  for (const descriptor of openDescriptors()) {
    if (descriptor >= FIRST_OTHER && !closesOnExec(descriptor)) closeSync(descriptor);
  }
}

/**
 * Runs node-pty's fork while no descriptor below the highest is free. Its child marks them close-on-exec from 3 on and
 * stops at the first hole above 15: a master beyond a hole would stay open in the program, which could then read
 * and type in another session, and whose terminal would not end with its own.
 */
export function withoutHoles<T>(fork: () => T): T {
  const open = openDescriptors();
  // One more for the directory itself, which is among them and closed again.
  const holes = open.length === 0 ? 0 : Math.max(...open) + 2 - open.length;
  const fillers: number[] = [];
  try {
    // The kernel gives the lowest number that is free.
    for (let filled = 0; filled < holes; filled += 1) fillers.push(openSync('/dev/null', 'r'));
    return fork();
  } finally {
    for (const filler of fillers) closeSync(filler);
  }
}

function openDescriptors(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number);
  } catch {
    return [];
  }
}

/** True for one that is not open any more, too. */
function closesOnExec(descriptor: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    return (Number.parseInt(/flags:\s*([0-7]+)/.exec(info)?.[1] ?? '', 8) & CLOSE_ON_EXEC) !== 0;
  } catch {
    return true;
  }
}
