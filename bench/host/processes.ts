import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in /proc/<pid>/stat: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A running process as /proc shows it. */
export interface ProcessView {
  readonly pid: number;
  readonly argv: readonly string[];
}

/** Processes that hold this text in their environment or on their command line, without ourselves. */
export function processesMentioning(text: string): ProcessView[] {
  const found: ProcessView[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const commandLine = read(`/proc/${pid}/cmdline`);
    // A zombie and a kernel thread have none.
    if (commandLine === '') continue;
    if (!commandLine.includes(text) && !read(`/proc/${pid}/environ`).includes(text)) continue;
    found.push({ pid, argv: commandLine.replace(/\0$/, '').split('\0') });
  }
  return found;
}

/** User and system time that these processes have used so far, in seconds; a process that is gone counts nothing. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = read(`/proc/${pid}/stat`);
    // The second field, the name in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/**
 * Memory of these processes together, in bytes: what is theirs alone, and once what they have mapped from files. That is
 * their proportional set size (proc_pid_smaps(5)) on a machine where nobody else maps these files, as Node's own binary
 * is by this harness.
 */
export function memoryBytes(pids: readonly number[]): number {
  let ownKibibytes = 0;
  const fileKibibytes = new Map<string, number>();
  for (const pid of pids) {
    const rollup = read(`/proc/${pid}/smaps_rollup`);
    ownKibibytes += kibibytes(rollup, 'Pss_Anon') + kibibytes(rollup, 'Pss_Shmem');
    for (const [mapping, resident] of fileMappings(read(`/proc/${pid}/smaps`)))
      fileKibibytes.set(mapping, Math.max(fileKibibytes.get(mapping) ?? 0, resident));
  }
  for (const resident of fileKibibytes.values()) ownKibibytes += resident;
  return ownKibibytes * 1024;
}

/** Resident kibibytes of each mapped piece of a file. */
function fileMappings(smaps: string): [mapping: string, resident: number][] {
  const found: [string, number][] = [];
  for (const part of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const header = /^\S+ \S+ (\S+) \S+ [1-9]\d* +(\/.*)$/m.exec(part);
    if (header !== null)
      found.push([`${header[2]} ${header[1]}`, kibibytes(part, 'Rss') - kibibytes(part, 'Anonymous')]);
  }
  return found;
}

function kibibytes(smaps: string, name: string): number {
  return Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(smaps)?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended meanwhile, or it is not ours to look at.
    return '';
  }
}
