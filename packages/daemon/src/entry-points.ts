/**
 * The files that run in a process or thread of their own. Bundled, they lie beside the file that asks; run from the
 * sources (tests, development), Node strips the types and the condition leads imports to the sources too.
 */
const SOURCES = {
  tritermd: './main.ts',
  'triterm-pty-host': './pty-host/main.ts',
  'triterm-drill': './drill/main.ts',
  'screen-worker': './screen/worker.ts',
  'store-worker': '../../core/src/store/sqlite/worker.ts',
} as const;
export type EntryPoint = keyof typeof SOURCES;

const FROM_SOURCE = import.meta.url.endsWith('.ts');

export function entryPoint(name: EntryPoint): URL {
  return new URL(FROM_SOURCE ? SOURCES[name] : `./${name}.mjs`, import.meta.url);
}

/** Node options that an entry point needs. */
export const ENTRY_POINT_OPTIONS: readonly string[] = FROM_SOURCE ? ['--conditions=@triterm/source'] : [];
