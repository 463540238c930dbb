import { TermError } from '@triterm/core/errors';
import { decodeData, type Frame, FrameKind, type HostMethod, type Peer } from '@triterm/core/protocol';
import { HOST_COMMANDS, HOST_METHODS } from '@triterm/core/protocol/pty-host-messages';
import type { HostedPty } from './hosted-pty.ts';
import type { OutputPump } from './output-pump.ts';
import type { PtyTable } from './pty-table.ts';
import type { LogCursor } from './session-log.ts';

/** A checkpoint may be this large; the log's memory is bounded and so is this. */
const MAX_CHECKPOINT_BYTES = 4 * 1024 * 1024;
/** Input attachments that one connection may open. */
const MAX_CHANNELS = 4096;
/** Replies and acks that may wait to be read; a daemon never stops reading them. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

/** What a control connection needs of the server. */
export interface ControlContext {
  readonly table: PtyTable;
  /** Makes this connection the commanding one. Throws STALE_REVISION. */
  claim(generation: number): void;
  /** The output connection of the same daemon. */
  output(): OutputPump | undefined;
}

type ControlPeer = Pick<Peer, 'writeAck' | 'queuedBytes' | 'destroy'>;

interface OpenInput {
  readonly pty: HostedPty;
  readonly attachment: string;
  readonly onApplied: (inputOffset: number) => void;
}

/** One daemon's requests, commands and input. Whatever makes no sense ends the connection, never the process. */
export class ControlConnection {
  readonly #peer: ControlPeer;
  readonly #context: ControlContext;
  readonly #inputs = new Map<number, OpenInput>();
  #claimed = false;
  /** The checkpoint that was announced; its frame comes next. */
  #announced: { handle: number; sizeGeneration: number } | undefined;

  constructor(peer: ControlPeer, context: ControlContext) {
    this.#peer = peer;
    this.#context = context;
  }

  request(method: string, params: unknown): unknown {
    this.#boundQueue();
    if (!isHostMethod(method)) throw new TermError('UNKNOWN_METHOD', `Unknown method ${method}.`);
    if (!this.#claimed && method !== 'claim' && method !== 'list')
      throw new TermError('BAD_MESSAGE', 'The daemon has not claimed this pty-host.');
    switch (method) {
      case 'claim':
        this.#context.claim(parse(HOST_METHODS.claim.params, params).generation);
        this.#claimed = true;
        return {};
      case 'list':
        return { ptys: [...this.#context.table.all()].map(pty => pty.info) };
      case 'spawn':
        return this.#spawn(params);
      case 'resize': {
        const { handle, cols, rows, sizeGeneration } = parse(HOST_METHODS.resize.params, params);
        return this.#context.table.get(handle).resize({ cols, rows }, sizeGeneration);
      }
      case 'signal': {
        const { handle, signal } = parse(HOST_METHODS.signal.params, params);
        return this.#context.table.signal(handle, signal);
      }
      case 'forget':
        return this.#context.table.forget(parse(HOST_METHODS.forget.params, params).handle);
      case 'retire':
        return this.#context.table.retire();
      case 'subscribe':
        return this.#subscribe(params);
      case 'unsubscribe':
        return this.#context.output()?.remove(parse(HOST_METHODS.unsubscribe.params, params).channel);
      case 'input.open':
        return this.#openInput(params);
      case 'input.close':
        return this.#closeInput(params);
    }
  }

  #spawn(params: unknown): unknown {
    const request = parse(HOST_METHODS.spawn.params, params);
    const texts = [request.file, request.cwd, ...request.argv, ...Object.entries(request.env).flat()];
    // C strings end at NUL, and a name ends at `=`: what follows would be dropped or read as something else.
    if (texts.some(text => text.includes('\0')) || Object.keys(request.env).some(name => name.includes('=')))
      throw new TermError('BAD_MESSAGE', 'A NUL or `=` stands where the kernel takes none.');
    const pty = this.#context.table.spawn(request);
    return { handle: pty.handle, pid: pty.info.pid };
  }

  #subscribe(params: unknown): unknown {
    const wanted = parse(HOST_METHODS.subscribe.params, params);
    const pump = this.#context.output();
    if (pump === undefined) throw new TermError('BAD_MESSAGE', 'The output connection is missing.');
    if (pump.has(wanted.channel)) throw new TermError('BAD_MESSAGE', `Channel ${wanted.channel} is in use.`);
    const pty = this.#context.table.get(wanted.handle);
    const checkpoint = wanted.fromCheckpoint ? pty.log.checkpoint : undefined;
    const cursor: LogCursor = {
      offset: checkpoint?.offset ?? wanted.offset,
      seq: 0,
      sizeGeneration: Math.max(wanted.sizeGeneration, checkpoint?.sizeGeneration ?? 0),
    };
    const reply = { offset: cursor.offset, logEnd: pty.log.end };
    pty.assertHolds(cursor.offset);
    const subscription = pump.add({
      channel: wanted.channel,
      log: pty.log,
      cursor,
      checkpoint,
      creditThrough: wanted.creditThrough,
      onProgress: () => pty.review(),
      onEnd: () => pty.unsubscribe(subscription),
    });
    pty.subscribe(subscription, cursor);
    subscription.flush();
    return reply;
  }

  #openInput(params: unknown): unknown {
    const { handle, channel, attachment } = parse(HOST_METHODS['input.open'].params, params);
    if (this.#inputs.has(channel)) throw new TermError('BAD_MESSAGE', `Channel ${channel} is in use.`);
    if (this.#inputs.size >= MAX_CHANNELS)
      throw new TermError('TOO_MANY_CLIENTS', 'Too many inputs are open on one connection.');
    const pty = this.#context.table.get(handle);
    const onApplied = (inputOffset: number): void => {
      this.#peer.writeAck(channel, inputOffset, 0);
    };
    this.#inputs.set(channel, { pty, attachment, onApplied });
    return { inputOffset: pty.openInput(attachment, onApplied) };
  }

  #closeInput(params: unknown): unknown {
    const { channel, forget } = parse(HOST_METHODS['input.close'].params, params);
    const input = this.#inputs.get(channel);
    this.#inputs.delete(channel);
    input?.pty.closeInput(input.attachment, forget, input.onApplied);
    return {};
  }

  notification(method: string, params: unknown): void {
    this.#assertClaimed();
    switch (method) {
      case 'credit': {
        const { channel, creditThrough } = parse(HOST_COMMANDS.credit, params);
        this.#context.output()?.credit(channel, creditThrough);
        return;
      }
      case 'flow': {
        const { handle, floor, paceThrough } = parse(HOST_COMMANDS.flow, params);
        this.#context.table.find(handle)?.setFlow(floor, paceThrough);
        return;
      }
      case 'answer': {
        const { handle, queryEnd, data } = parse(HOST_COMMANDS.answer, params);
        this.#context.table.find(handle)?.answer(queryEnd, Buffer.from(data, 'base64'));
        return;
      }
      case 'checkpoint':
        this.#announced = parse(HOST_COMMANDS.checkpoint, params);
        return;
      default:
      // A newer daemon may tell what this release does not know.
    }
  }

  data(frame: Frame): void {
    this.#boundQueue();
    this.#assertClaimed();
    const { offset, bytes } = decodeData(frame);
    if (frame.kind === FrameKind.input) {
      const input = this.#inputs.get(frame.channel);
      // It may have been sent before the sender knew that the channel was closed.
      input?.pty.input(input.attachment, offset, bytes);
    } else if (frame.kind === FrameKind.snapshot) {
      this.#takeCheckpoint(frame.channel, offset, bytes);
    } else {
      throw new TermError('BAD_MESSAGE', `A frame of kind ${frame.kind} does not belong here.`);
    }
  }

  #takeCheckpoint(handle: number, offset: number, bytes: Buffer): void {
    const announced = this.#announced;
    this.#announced = undefined;
    if (announced?.handle !== handle || bytes.length > MAX_CHECKPOINT_BYTES)
      throw new TermError('BAD_MESSAGE', 'A checkpoint was not announced, or is too large.');
    this.#context.table
      .find(handle)
      ?.setCheckpoint({ offset, sizeGeneration: announced.sizeGeneration, bytes: copyOf(bytes) });
  }

  #boundQueue(): void {
    if (this.#peer.queuedBytes > MAX_QUEUED_BYTES)
      this.#peer.destroy(new TermError('TOO_LARGE', 'The daemon does not read its replies.'));
  }

  #assertClaimed(): void {
    if (!this.#claimed) throw new TermError('BAD_MESSAGE', 'The daemon has not claimed this pty-host.');
  }

  /** The connection is over: its attachments are remembered, what they queued is still applied. */
  close(): void {
    for (const { pty, attachment, onApplied } of this.#inputs.values())
      pty.closeInput(attachment, false, onApplied);
    this.#inputs.clear();
  }
}

function isHostMethod(method: string): method is HostMethod {
  return Object.hasOwn(HOST_METHODS, method);
}

/** Throws BAD_MESSAGE. */
function parse<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error } },
  value: unknown,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TermError('BAD_MESSAGE', 'A message has the wrong shape.', { cause: parsed.error });
}

/** Of its own: a slice of the pool would keep all of the pool, and the frame's bytes are only lent. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
