/**
 * Finds out that a connection is dead although nobody closed it: pings, and wants to hear something, be it
 * a pong or any other frame, within a time. Times are in milliseconds.
 */

export const TIMEOUT_MS = 10_000;
export const PROBE_MS = 2_500;

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
    this.#look();
  }

  /** A frame came in. */
  hear() {
    this.#heard = Date.now();
    this.#deadline = this.#heard + this.#every + TIMEOUT_MS;
  }

  /** There is reason to doubt: asks now, and wants the answer soon. */
  probe() {
    this.#deadline = Math.min(this.#deadline, Date.now() + PROBE_MS);
    this.#ping();
    this.#look();
  }

  /** Ends it. */
  stop() {
    clearInterval(this.#beat);
    clearTimeout(this.#watch);
  }

  #look() {
    clearTimeout(this.#watch);
    const rest = this.#deadline - Date.now();
    if (rest <= 0) {
      this.stop();
      this.#dead(this.#heard);
    } else {
      this.#watch = setTimeout(() => this.#look(), rest);
    }
  }
}
