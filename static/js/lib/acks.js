/**
 * Tells the server what this page has handled, which opens its flow window: after some events, or when
 * nothing more came for a moment.
 */

export const EVENTS = 50;
export const IDLE_MS = 1_000;

export class Acks {
  #send;
  #handled = new Map();
  #count = 0;
  #timer;

  /** @param {(frame: object) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** Everything of `stream` up to `seq` is handled. */
  note(stream, seq) {
    this.#handled.set(stream, seq);
    this.#count += 1;
    if (this.#count >= EVENTS) {
      this.flush();
    } else {
      this.#timer ??= setTimeout(() => this.flush(), IDLE_MS);
    }
  }

  /** Sends what is not yet told. */
  flush() {
    this.stop();
    for (const [stream, seq] of this.#handled) {
      this.#send({ type: "ack", stream, seq });
    }
    this.#handled.clear();
    this.#count = 0;
  }

  /** Forgets the timer. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
