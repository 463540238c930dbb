/**
 * The directory of this process's cgroup; undefined where there is no cgroup of version 2. `cgroups` and `mounts`: the content of
 * /proc/self/cgroup and /proc/self/mountinfo; cgroups(7), proc(5).
 */
export function cgroupDirectory(cgroups: string, mounts: string): string | undefined {
  const path = /^0::(\/.*)$/m.exec(cgroups)?.[1];
  if (path === undefined || path.startsWith('/..')) return undefined;
  for (const line of mounts.split('\n')) {
    // `36 35 98:0 ROOT MOUNTPOINT options optional… - TYPE source options`
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mountPoint = ''] = before.split(' ');
    if (!after.startsWith('cgroup2 ')) continue;
    const below = pathBelow(unescaped(root), path);
    if (below !== undefined) return `${unescaped(mountPoint)}${below}`;
  }
  return undefined;
}

/** The part of a path that is below a mounted root, with its slash; undefined when it is not below it. */
function pathBelow(root: string, path: string): string | undefined {
  if (root === '/') return path === '/' ? '' : path;
  if (path === root) return '';
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

/** The kernel writes space, tab, newline and backslash as octal numbers. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}
