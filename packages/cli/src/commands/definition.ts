import type { Paths } from '@triterm/core/config/paths';
import type { RemoteHost } from '../client/remote-host.ts';

/** What a shell completes in an option's or argument's place; `pair` is a setting or, behind one, its value. */
export type Completion =
  | 'session'
  | 'context'
  | 'setting'
  | 'pair'
  | 'directory'
  | 'file'
  | readonly string[];

/** An option; its long flag is its key in kebab case. */
export interface OptionSpec {
  readonly description: string;
  /** One letter. */
  readonly short?: string;
  /** Placeholder of its value; without one it is a switch. */
  readonly value?: string;
  /** The value may be left out, and is given as `--flag=VALUE` only. */
  readonly optional?: true;
  /** May be given several times. */
  readonly repeat?: true;
  /** The only values there are. */
  readonly choices?: readonly string[];
  readonly complete?: Completion;
}
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** `scrollbackLines` → `--scrollback-lines`. */
export function longFlag(key: string): string {
  return `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

export interface ArgumentSpec {
  /** As the usage line shows it, such as `SESSION`. */
  readonly name: string;
  readonly description: string;
  readonly required?: true;
  /** Takes all that follow; the last one only. */
  readonly repeat?: true;
  readonly choices?: readonly string[];
  readonly complete?: Completion;
}

/** What an option's value is after parsing: a text, `true` for one left out, a list, or whether it is set. */
export type OptionValue<S extends OptionSpec> = S extends { repeat: true }
  ? readonly string[]
  : S extends { value: string; optional: true }
    ? string | true | undefined
    : S extends { value: string }
      ? string | undefined
      : boolean;
export type OptionValues<O extends OptionTable> = { readonly [K in keyof O]: OptionValue<O[K]> };

/** An option's value or an argument, in the order of the command line. */
export type Token = { readonly option: string; readonly value: string } | { readonly argument: string };

export interface CommandLine<O extends OptionTable = OptionTable> {
  readonly options: OptionValues<O>;
  readonly args: readonly string[];
  /** What stands behind `--`, where the command takes one. */
  readonly command: readonly string[];
  readonly tokens: readonly Token[];
}

/** Where a command runs; injected, so that nothing below `main` knows the process. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: () => string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly paths: Paths;
  /** The server that is meant; undefined for the daemon of this machine. Throws CONTEXT_NOT_FOUND, BAD_CONFIG, UNSAFE_PATH when read. */
  readonly remote: RemoteHost | undefined;
  /** The same surroundings with another server: a URL, a context's name, or `local`. */
  toward(host: string): CommandContext;
}

export interface CommandSpec<O extends OptionTable = OptionTable> {
  /** One line, for lists. */
  readonly summary: string;
  /** More, for its own help. */
  readonly details?: string;
  readonly args: readonly ArgumentSpec[];
  readonly options: O;
  /** Takes `-- CMD…`: whether it must be there. */
  readonly command?: 'optional' | 'required';
  /** Asks no server anything, and so takes no `--host`. */
  readonly hostless?: true;
  /** Command lines and what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
}

export interface Command<O extends OptionTable = OptionTable> {
  readonly spec: CommandSpec<O>;
  /** Returns the exit code, or throws a TermError. */
  run(line: CommandLine<O>, context: CommandContext): Promise<number>;
}

/** Gives a command's options their types; the table itself is what the parser, help and completion read. */
export function defineCommand<const O extends OptionTable>(command: Command<O>): Command {
  return command as unknown as Command;
}

/** `--host`, which every command takes that is not hostless; it may stand before the command too. */
export const HOST_OPTION = {
  value: 'HOST',
  description: 'server to ask: wss:// URL, context or local',
  complete: 'context',
} as const satisfies OptionSpec;
/** `--json` as every command that prints data has it. */
export const JSON_OPTION = { description: 'print JSON' } as const;
/** A session, as an argument. */
export const SESSION_ARGUMENT = {
  name: 'SESSION',
  description: 'name, id, or the beginning of an id',
  required: true,
  complete: 'session',
} as const;
/** A server that is kept by name. */
export const CONTEXT_ARGUMENT = {
  name: 'NAME',
  description: 'name of the context',
  required: true,
  complete: 'context',
} as const;
/** A session whose cache entries are meant: one that is deleted has some too. */
export const CACHE_ID_ARGUMENT = {
  name: 'ID',
  description: 'session: name, id, or the beginning of an id',
  required: true,
  complete: 'session',
} as const;
/** A setting of the configuration. */
export const SETTING_ARGUMENT = {
  name: 'SETTING',
  description: 'name of the setting',
  required: true,
  complete: 'setting',
} as const;
