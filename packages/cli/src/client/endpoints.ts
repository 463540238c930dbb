import { isLoopbackUrl } from '@triterm/core/domain';
import { parseServerUrl } from './server-url.ts';

/** A welcome names other servers of the same fleet as features of this form. */
const FEATURE = 'endpoint:';
/** More than anybody tries while a person waits. */
const MAX_OTHERS = 16;

/** The servers by which a fleet can be reached: the one that was asked for, and others that it has told of. */
export class Endpoints {
  readonly #own: string;
  #others: readonly string[] = [];
  #preferred: readonly string[] = [];

  constructor(ownUrl: string) {
    this.#own = ownUrl;
  }

  /** The order in which they are to be tried. */
  get inTurn(): readonly string[] {
    return [...new Set([...this.#preferred, this.#own, ...this.#others])];
  }

  /** Takes over what a server's welcome says. What was known before stays behind it, while there is room. */
  learn(features: readonly string[]): void {
    const told = features
      .filter(feature => feature.startsWith(FEATURE))
      .map(text => text.slice(FEATURE.length));
    this.#others = [...new Set([...this.#acceptable(told), ...this.#others])].slice(0, MAX_OTHERS);
  }

  /** A server wants its clients elsewhere: there first, until `settled`. Returns whether there is such a place. */
  prefer(urls: readonly string[]): boolean {
    this.#preferred = this.#acceptable(urls).slice(0, MAX_OTHERS);
    return this.#preferred.length > 0;
  }

  settled(): void {
    this.#preferred = [];
  }

  /**
   * The token goes there too, so over TLS. A loopback address is good on the host of the server that tells of it: that may be another
   * one even where ours is a loopback address, as through a tunnel, and here it belongs to somebody else.
   */
  #acceptable(urls: readonly string[]): string[] {
    return urls.flatMap(text => {
      try {
        const url = parseServerUrl(text, FEATURE);
        return url !== this.#own && !isLoopbackUrl(url) ? [url] : [];
      } catch {
        return [];
      }
    });
  }
}
