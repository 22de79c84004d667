/**
 * Brings a stream's events by long-poll while no socket is to be had. It uses the same inbox, so changing
 * from one to the other loses nothing and doubles nothing. Signals do not come this way.
 */

import { backoff } from "../models/backoff.js";

export const WAIT_S = 25;
const GRACE_MS = 15_000;

/** An answer without events that comes sooner than this did not wait; then pauses grow. */
const HASTY_MS = 1_000;
const PAUSES = { base: 1_000, cap: 15_000, random: () => 1 };
const REFUSALS = new Set([401, 403, 404]);

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
   * @param {object} options.tell what is called: `polled()` after each answer, `lost({at})` after a
   *   failure, with the time at which the news last were whole, and `refused({at, message})` for good.
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
    let response;
    let answer;
    try {
      response = await this.#request(wait, abort);
      answer = response.ok ? await response.json() : null;
    } catch {
      response = null; // no network, no answer in time, or an answer that is not JSON
    }
    if (!abort.signal.aborted) {
      this.#take(response, answer, { began, wait });
    }
  }

  #request(wait, abort) {
    const { epoch = "", seq = 0 } = this.#inbox.cursor(this.#stream) ?? {};
    const query = new URLSearchParams({ epoch, since: seq, wait });
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(wait * 1_000 + GRACE_MS)]);
    const headers = { Accept: "application/json" };
    return this.#fetch(`${this.#url}?${query}`, { signal, headers, cache: "no-store" });
  }

  #take(response, answer, asked) {
    if (answer) {
      this.#answered(answer, asked);
    } else if (REFUSALS.has(response?.status)) {
      this.stop();
      this.#tell.refused({ at: this.#whole, message: "" });
    } else {
      this.#failed(response);
    }
  }

  #answered(answer, asked) {
    this.#failures = 0;
    this.#whole = Date.now();
    const waited = Date.now() - asked.began >= Math.min(HASTY_MS, asked.wait * 1_000);
    this.#hasty = this.#deliver(answer) || waited ? 0 : this.#hasty + 1;
    this.#tell.polled();
    this.#next(WAIT_S, this.#hasty ? backoff(this.#hasty, PAUSES) : 0);
  }

  /** Hands the answer to the inbox and says whether it brought anything. */
  #deliver({ stream, epoch, seq, snapshot, events = [] }) {
    const cursor = this.#inbox.cursor(this.#stream);
    if (snapshot) {
      this.#inbox.snapshot({ type: "snapshot", stream, epoch, seq, state: snapshot });
      return cursor?.epoch !== epoch || cursor.seq !== seq;
    }
    if (cursor?.epoch !== epoch) {
      return false;
    }
    return events.filter((frame) => this.#inbox.event(frame) === "next").length > 0;
  }

  #failed(response) {
    this.#failures += 1;
    const asked = Number(response?.headers.get("Retry-After")) * 1_000 || 0;
    this.#tell.lost({ at: this.#whole });
    this.#next(0, Math.max(asked, backoff(this.#failures, { random: this.#random })));
  }

  #next(wait, pause) {
    const abort = this.#abort;
    if (abort !== null) {
      this.#timer = setTimeout(() => this.#ask(wait, abort), pause);
    }
  }
}
