import { ClientTerminal } from '../client-terminal.ts';

/** More than the terminal is handed in one go. */
const PIECES = 100;

/**
 * Enters the alternate screen; when a key is pressed, writes more than can be shown at once, the last of which leaves
 * that screen, drops what was not shown, and leaves.
 */
const terminal = new ClientTerminal({ stdin: process.stdin, stdout: process.stdout });
terminal.listen({
  typed: () => {
    for (let piece = 0; piece < PIECES; piece += 1) terminal.write(Buffer.from('.'.repeat(1000)), () => {});
    terminal.write(Buffer.from('\x1b[?1049l\x1b[?1000l'), () => {});
    terminal.dropOutput();
    void terminal.leave().then(() => {
      terminal.close();
      process.stdout.write('left\r\n');
    });
  },
  resized: () => {},
  gone: () => process.exit(1),
});
await terminal.enter();
terminal.paint(Buffer.from('\x1b[?1049h\x1b[?1000hpainted'), () => {});
