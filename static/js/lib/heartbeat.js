/**
 * Finds out that a connection is dead although nobody closed it: pings, and wants to hear something, be it
 * a pong or any other frame, within a time. Times are in milliseconds.
 */

export const TIMEOUT_MS = 10_000;
export const PROBE_MS = 2_500;
/** Timers of a page that is in front are not so late. */
export const LATE_MS = 5_000;

export class Heartbeat {
  #ping;
  #dead;
  #every;
  #timeout;
  #patience;
  #asked = Date.now();
  #heard = Date.now();
  #deadline = Infinity;
  #beat;
  #watch;

  /**
   * @param {object} options
   * @param {number} options.every between pings.
   * @param {number} [options.timeout] for an answer to a ping.
   * @param {number} [options.patience] for an answer when there is reason to doubt.
   * @param {() => void} options.ping
   * @param {(heard: number) => void} options.dead is told when the other side was last heard.
   */
  constructor({ every, timeout = TIMEOUT_MS, patience = PROBE_MS, ping, dead }) {
    this.#every = every;
    this.#timeout = timeout;
    this.#patience = patience;
    this.#ping = ping;
    this.#dead = dead;
  }

  /** When the other side was last heard. */
  get heard() {
    return this.#heard;
  }

  /** Begins to ping. */
  start() {
    this.hear();
    this.#beat = setInterval(() => this.#ask(), this.#every);
    this.#watchUntil(this.#deadline);
  }

  /** A frame came in. */
  hear() {
    this.#heard = Date.now();
    this.#deadline = this.#heard + this.#every + this.#timeout;
  }

  /** Whether nothing was heard for longer than a living connection can be silent. */
  get overdue() {
    return Date.now() >= this.#deadline;
  }

  /** There is reason to doubt: asks now, and wants the answer soon. */
  probe() {
    const soon = Date.now() + this.#patience;
    this.#deadline = this.overdue ? soon : Math.min(this.#deadline, soon);
    this.#ask();
    this.#watchUntil(this.#deadline);
  }

  /** Pings if that is due: the timers of a hidden page come late, and others may know the time better. */
  look() {
    if (Date.now() - this.#asked >= this.#every) {
      this.#ask();
    }
  }

  /** Ends it. */
  stop() {
    clearInterval(this.#beat);
    clearTimeout(this.#watch);
  }

  #ask() {
    this.#asked = Date.now();
    this.#ping();
  }

  /**
   * A look that comes late was kept from it: the page was hidden, or the machine asleep. Then the silence
   * may be ours, as we did not ask; so it asks before it believes anything.
   */
  #decide(due) {
    const now = Date.now();
    if (now < this.#deadline) {
      this.#watchUntil(this.#deadline);
    } else if (now - due > LATE_MS) {
      this.probe();
    } else {
      this.stop();
      this.#dead(this.#heard);
    }
  }

  #watchUntil(due) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#decide(due), due - Date.now());
  }
}
