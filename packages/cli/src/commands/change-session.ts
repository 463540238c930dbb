import type { Method, Params, Result } from '@triterm/core/protocol';
import { createPrinter } from '../output/printer.ts';
import type { CommandContext } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

/** Sends one request; its result is printed as JSON where that is asked for, otherwise success is silent. */
export async function changeSession<M extends Method>(
  context: CommandContext,
  json: boolean,
  method: M,
  params: Params<M>,
  pick: (result: Result<M>) => unknown,
): Promise<number> {
  const result = await withDaemon(context, client => client.request(method, params));
  if (json) createPrinter(context.stdout, context.env).json(pick(result));
  return 0;
}
