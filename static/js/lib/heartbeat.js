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
  #heard = Date.now();
  #deadline = Infinity;
  #beat;
  #watch;

  /**
   * @param {{every: number, ping: () => void, dead: (heard: number) => void}} options `every`: between
   *   pings; `dead` is told when the other side was last heard.
   */
  constructor({ every, ping, dead }) {
    this.#every = every;
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
    this.#beat = setInterval(this.#ping, this.#every);
    this.#watchUntil(this.#deadline);
  }

  /** A frame came in. */
  hear() {
    this.#heard = Date.now();
    this.#deadline = this.#heard + this.#every + TIMEOUT_MS;
  }

  /** Whether nothing was heard for longer than a living connection can be silent. */
  get overdue() {
    return Date.now() >= this.#deadline;
  }

  /** There is reason to doubt: asks now, and wants the answer soon. */
  probe() {
    const soon = Date.now() + PROBE_MS;
    this.#deadline = this.overdue ? soon : Math.min(this.#deadline, soon);
    this.#ping();
    this.#watchUntil(this.#deadline);
  }

  /** Ends it. */
  stop() {
    clearInterval(this.#beat);
    clearTimeout(this.#watch);
  }

  /**
   * A look that comes late was kept from it: the page was hidden, or the machine asleep. Then the silence
   * may be ours, as we did not ask; so it asks before it believes anything.
   */
  #look(due) {
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
    this.#watch = setTimeout(() => this.#look(due), due - Date.now());
  }
}
