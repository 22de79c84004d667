/** Fetches what an inbox lacks of a stream, over HTTP, beside whatever brings what is new. */

import { backoff } from "../models/backoff.js";
import { ask, deliver } from "./history.js";

export class Replay {
  #url;
  #stream;
  #inbox;
  #tell;
  #fetch;
  #random;
  #abort = null;
  #timer;
  #failures = 0;

  /**
   * @param {object} options
   * @param {string} options.url of the stream's events.
   * @param {string} options.stream
   * @param {import("./inbox.js").Inbox} options.inbox
   * @param {typeof fetch} options.fetch
   * @param {() => number} [options.random]
   * @param {object} options.tell what is called: `brought({epoch})` when a page of events or a snapshot is
   *   in the inbox, with the life that the stream lives, and `refused()` for good.
   */
  constructor({ url, stream, inbox, fetch, tell, random = Math.random }) {
    this.#url = url;
    this.#stream = stream;
    this.#inbox = inbox;
    this.#tell = tell;
    this.#fetch = fetch;
    this.#random = random;
  }

  /** Asks, with backoff until there is an answer; once, however often it is started meanwhile. */
  start() {
    if (this.#abort === null) {
      this.#failures = 0;
      this.#abort = new AbortController();
      this.#ask(this.#abort);
    }
  }

  /** Asks now, if it was to wait. */
  wake() {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#ask(this.#abort);
    }
  }

  /** Stops; an answer that is under way is not taken. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#abort?.abort();
    this.#abort = null;
  }

  async #ask(abort) {
    this.#timer = undefined;
    const cursor = this.#inbox.cursor(this.#stream);
    const answer = await ask({ url: this.#url, cursor, wait: 0, signal: abort.signal, fetch: this.#fetch });
    if (!abort.signal.aborted) {
      this.#take(answer, abort);
    }
  }

  #take({ page, refused, retryAfter }, abort) {
    if (page) {
      this.#abort = null;
      deliver(this.#inbox, page);
      this.#tell.brought(page);
    } else if (refused) {
      this.#abort = null;
      this.#tell.refused();
    } else {
      this.#failures += 1;
      const pause = Math.max(retryAfter, backoff(this.#failures, { random: this.#random }));
      this.#timer = setTimeout(() => this.#ask(abort), pause);
    }
  }
}
