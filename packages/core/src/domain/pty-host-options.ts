/**
 * Options of Node.js for a pty-host, whoever starts it. They keep new objects in few megabytes: a host makes many that live for a
 * moment and few that stay, and V8 would let the space for them grow to some 100 MB, for as long as the host lives.
 */
export const PTY_HOST_NODE_OPTIONS: readonly string[] = ['--max-semi-space-size=2'];
