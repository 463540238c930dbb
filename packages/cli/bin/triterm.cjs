#!/usr/bin/env node
'use strict';
// CommonJS and old syntax, so that a Node that is too old for the program can still say so.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 15)) {
  import('../dist/bundle/triterm.mjs');
} else {
  process.stderr.write(
    `triterm: it needs Node 22.15 or newer, and this is ${process.versions.node} (${process.execPath}).\n` +
      'Install a newer one, from https://nodejs.org or with a version manager, and put it first on your PATH.\n',
  );
  process.exitCode = 6;
}
