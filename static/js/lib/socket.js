/**
 * Keeps a WebSocket: one session after another, with backoff between them, until the server refuses.
 */

import { backoff } from "../models/backoff.js";
import { Session } from "./session.js";

/** A session that lasted so long was a good one: after it the backoff begins anew. */
export const LASTING_MS = 10_000;

/**
 * A session that ended under a socket may have been replaced by another, as by a new password. So it asks
 * once more, with the cookie as it is then: the answer to signing out may still be on its way to it.
 */
export const ONCE_MORE_MS = 1_000;

export class Socket {
  #options;
  #random;
  #tell;
  #session = null;
  #timer;
  #failures = 0;
  #due = Infinity;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {typeof WebSocket} options.WebSocket
   * @param {import("./inbox.js").Inbox} options.inbox
   * @param {() => number} [options.random]
   * @param {object} options.tell what is called: `welcome()`, `behind()`, `caughtUp()`,
   *   `lost(end, failures)` with the failures in a row, and `refused(end)` for good.
   */
  constructor({ url, WebSocket, inbox, tell, random = Math.random }) {
    this.#options = { url, WebSocket, inbox };
    this.#tell = tell;
    this.#random = random;
  }

  /** Connects, and goes on doing so. */
  start() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
    this.#session = new Session({
      ...this.#options,
      tell: { ...this.#tell, ended: (end) => this.#ended(end) },
    });
  }

  /** Leaves, until the next start. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
    this.#session?.leave();
    this.#session = null;
  }

  /** Something changed (the network, the page came to the front): tries now, or asks whether it lives. */
  wake() {
    if (this.#session) {
      this.#session.probe();
    } else if (this.#timer !== undefined) {
      this.start();
    }
  }

  /** Does what is due, for where timers come late. */
  look() {
    if (this.#session) {
      this.#session.look();
    } else if (Date.now() >= this.#due) {
      this.start();
    }
  }

  #ended(end) {
    this.#session = null;
    if (end.final && !end.lasted) {
      this.#timer = undefined;
      this.#due = Infinity;
      this.#tell.refused(end);
      return;
    }
    this.#failures = end.lasted >= LASTING_MS ? 1 : this.#failures + 1;
    this.#startIn(this.#pause(end));
    this.#tell.lost(end, this.#failures);
  }

  #pause({ final, returnIn }) {
    return final ? ONCE_MORE_MS : (returnIn ?? backoff(this.#failures, { random: this.#random }));
  }

  #startIn(wait) {
    this.#due = Date.now() + wait;
    this.#timer = setTimeout(() => this.start(), wait);
  }
}
