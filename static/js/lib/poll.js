/**
 * Brings a stream's events by long-poll while no socket is to be had. It uses the same inbox, so changing
 * from one to the other loses nothing and doubles nothing. Signals do not come this way.
 */

import { backoff } from "../models/backoff.js";
import { ask, deliver } from "./history.js";

export const WAIT_S = 25;

/** An answer without events that comes sooner than this did not wait; then pauses grow. */
const HASTY_MS = 1_000;
const PAUSES = { base: 1_000, cap: 15_000, random: () => 1 };

export class Poll {
  #url;
  #stream;
  #inbox;
  #tell;
  #fetch;
  #random;
  #abort = null;
  #timer;
  #failures = 0;
  #hasty = 0;
  #whole = Date.now();

  /**
   * @param {object} options
   * @param {string} options.url of the stream's events.
   * @param {string} options.stream
   * @param {import("./inbox.js").Inbox} options.inbox
   * @param {typeof fetch} options.fetch
   * @param {() => number} [options.random]
   * @param {object} options.tell what is called: `polled({isBack})` after each answer, which may be the
   *   first one after failures; `lost({at})` after a failure, with the time at which the news last were
   *   whole; and `refused({at, message})` for good.
   */
  constructor({ url, stream, inbox, fetch, tell, random = Math.random }) {
    this.#url = url;
    this.#stream = stream;
    this.#inbox = inbox;
    this.#tell = tell;
    this.#fetch = fetch;
    this.#random = random;
  }

  /** Whether it is polling. */
  get running() {
    return this.#abort !== null;
  }

  /** Polls until it is stopped; the first time without waiting, to know soon how things stand. */
  start() {
    if (!this.running) {
      this.#failures = this.#hasty = 0;
      this.#abort = new AbortController();
      this.#ask(0, this.#abort);
    }
  }

  /** Stops; an answer that is still under way is not taken. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#abort?.abort();
    this.#abort = null;
  }

  /** Tries at once, if it was to wait. */
  wake() {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#ask(0, this.#abort);
    }
  }

  async #ask(wait, abort) {
    this.#timer = undefined;
    const began = Date.now();
    const cursor = this.#inbox.cursor(this.#stream);
    const answer = await ask({ url: this.#url, cursor, wait, signal: abort.signal, fetch: this.#fetch });
    if (!abort.signal.aborted) {
      this.#take(answer, { began, wait });
    }
  }

  #take({ page, refused, retryAfter }, asked) {
    if (page) {
      this.#answered(page, asked);
    } else if (refused) {
      this.stop();
      this.#tell.refused({ at: this.#whole, message: "" });
    } else {
      this.#failed(retryAfter);
    }
  }

  #answered(page, asked) {
    const isBack = this.#failures > 0;
    this.#failures = 0;
    this.#whole = Date.now();
    const waited = Date.now() - asked.began >= Math.min(HASTY_MS, asked.wait * 1_000);
    this.#hasty = deliver(this.#inbox, page) || waited ? 0 : this.#hasty + 1;
    this.#tell.polled({ isBack });
    this.#next(WAIT_S, this.#hasty ? backoff(this.#hasty, PAUSES) : 0);
  }

  #failed(retryAfter) {
    this.#failures += 1;
    this.#tell.lost({ at: this.#whole });
    this.#next(0, Math.max(retryAfter, backoff(this.#failures, { random: this.#random })));
  }

  #next(wait, pause) {
    const abort = this.#abort;
    if (abort !== null) {
      this.#timer = setTimeout(() => this.#ask(wait, abort), pause);
    }
  }
}
