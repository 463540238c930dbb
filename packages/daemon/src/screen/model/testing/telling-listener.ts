import type { ModelListener } from '../model-listener.ts';

/** Notes everything that a model tells, as text. */
export class TellingListener implements ModelListener {
  readonly all: string[] = [];

  /** Answers to queries so far, and forgets them. */
  answers(): string[] {
    return this.#take('answer ');
  }

  /** The rest so far, and forgets it. */
  events(): string[] {
    return this.#take('');
  }

  answer(data: Uint8Array): void {
    this.all.push(`answer ${Buffer.from(data).toString()}`);
  }
  title(title: string): void {
    this.all.push(`title ${title}`);
  }
  cwd(cwd: string): void {
    this.all.push(`cwd ${cwd}`);
  }
  bell(): void {
    this.all.push('bell');
  }
  notification(body: string): void {
    this.all.push(`notification ${body}`);
  }
  mark(mark: Parameters<ModelListener['mark']>[0]): void {
    this.all.push(`mark ${JSON.stringify(mark)}`);
  }
  historyCleared(): void {
    this.all.push('historyCleared');
  }
  rowsPiledUp(): void {
    this.all.push('rowsPiledUp');
  }

  #take(prefix: string): string[] {
    const taken = this.all.filter(told => told.startsWith('answer ') === (prefix !== ''));
    this.all.splice(0, this.all.length, ...this.all.filter(told => !taken.includes(told)));
    return taken.map(told => told.slice(prefix.length));
  }
}
