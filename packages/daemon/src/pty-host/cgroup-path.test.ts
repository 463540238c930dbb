import { describe, expect, it } from 'vitest';
import { cgroupDirectory } from './cgroup-path.ts';

const UNIT = '/user.slice/user-1000.slice/user@1000.service/app.slice/triterm-pty-host@3.service';
const mount = (root: string, point: string, type = 'cgroup2') =>
  `35 24 0:30 ${root} ${point} rw,nosuid shared:9 - ${type} ${type} rw,nsdelegate\n`;

describe('the directory of a cgroup', () => {
  it('is below the mount of version 2', () => {
    const mounts = `24 1 8:1 / / rw - ext4 /dev/sda1 rw\n${mount('/', '/sys/fs/cgroup')}`;
    expect(cgroupDirectory(`0::${UNIT}\n`, mounts)).toBe(`/sys/fs/cgroup${UNIT}`);
  });

  it('is found beside hierarchies of version 1', () => {
    const mounts = mount('/', '/sys/fs/cgroup/memory', 'cgroup') + mount('/', '/sys/fs/cgroup/unified');
    expect(cgroupDirectory(`4:memory:/x\n1:name=systemd:/y\n0::/z\n`, mounts)).toBe(
      '/sys/fs/cgroup/unified/z',
    );
  });

  it('counts from the root that is mounted', () => {
    expect(cgroupDirectory(`0::/a/b/c\n`, mount('/a/b', '/cg'))).toBe('/cg/c');
    expect(cgroupDirectory(`0::/a/b\n`, mount('/a/b', '/cg'))).toBe('/cg');
    expect(cgroupDirectory(`0::/a/bc\n`, mount('/a/b', '/cg'))).toBeUndefined();
  });

  it('may have a space in its name', () => {
    expect(cgroupDirectory(`0::/a\n`, mount('/', '/my\\040cg'))).toBe('/my cg/a');
  });

  it('is none without version 2, or outside of the namespace', () => {
    expect(cgroupDirectory('4:memory:/x\n', mount('/', '/sys/fs/cgroup'))).toBeUndefined();
    expect(cgroupDirectory(`0::${UNIT}\n`, mount('/', '/sys/fs/cgroup', 'tmpfs'))).toBeUndefined();
    expect(cgroupDirectory('0::/../x\n', mount('/', '/sys/fs/cgroup'))).toBeUndefined();
  });
});
