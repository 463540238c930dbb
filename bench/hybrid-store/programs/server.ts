/** One server of the bench. It opens a store as its argument says, and does what it is told over IPC until that ends. */
import { Place, type PlaceOptions } from './place.ts';
import { TASKS, type TaskOrder, type TaskReport } from './tasks.ts';

const options: PlaceOptions = JSON.parse(process.argv[2] ?? '');

function report(what: TaskReport): void {
  process.send?.(what, undefined, undefined, () => {});
}

function told(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

process.on('disconnect', () => process.exit(0));
const place = await Place.open(options);
process.on('message', async ({ number, task, options: wanted }: TaskOrder) => {
  // The options were checked against the task where it was called.
  const run = TASKS[task] as (at: Place, options: unknown) => Promise<unknown>;
  try {
    report({ number, value: await run(place, wanted) });
  } catch (thrown) {
    report({ number, failed: told(thrown) });
  }
});
report({ number: 0 });
