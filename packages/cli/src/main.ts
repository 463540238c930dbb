import { asksForJson, runCli } from './commands/route.ts';
import { reportError } from './exit-code.ts';
import { processContext } from './process-context.ts';

const argv = process.argv.slice(2);
const context = processContext(process);
try {
  process.exitCode = await runCli(argv, context);
} catch (thrown) {
  process.exitCode = reportError(thrown, context.stderr, asksForJson(argv));
}
