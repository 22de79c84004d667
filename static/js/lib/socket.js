/**
 * Keeps a WebSocket: one session after another, with backoff between them, until the server refuses.
 */

import { backoff } from "../models/backoff.js";
import { Session } from "./session.js";

/** A session that lasted so long was a good one: after it the backoff begins anew. */
export const LASTING_MS = 10_000;

export class Socket {
  #options;
  #random;
  #tell;
  #session = null;
  #timer;
  #failures = 0;

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
    this.#session = new Session({
      ...this.#options,
      tell: { ...this.#tell, ended: (end) => this.#ended(end) },
    });
  }

  /** Leaves, until the next start. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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

  #ended(end) {
    this.#session = null;
    if (end.final) {
      this.#timer = undefined;
      this.#tell.refused(end);
      return;
    }
    this.#failures = end.lasted >= LASTING_MS ? 1 : this.#failures + 1;
    const wait = end.returnIn ?? backoff(this.#failures, { random: this.#random });
    this.#timer = setTimeout(() => this.start(), wait);
    this.#tell.lost(end, this.#failures);
  }
}
