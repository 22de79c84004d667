/**
 * Where news are published and where components hear of them. Nobody but app.js knows what brings them.
 *
 * Topics: "event" (a frame), "signal" (a frame), "snapshot" (a frame), "connection" (a state of
 * models/connection.js), "toast" ({level, text, link?}).
 */

export class Bus {
  #handlers = new Map();
  #latest = new Map();

  /**
   * Calls `handler` with everything that is published on `topic` from now on.
   *
   * @param {string} topic
   * @param {(news: any) => void} handler
   * @returns {() => void} ends it.
   */
  subscribe(topic, handler) {
    const handlers = this.#handlers.get(topic) ?? new Set();
    this.#handlers.set(topic, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  /**
   * Tells `news` to all who subscribed. One that throws is reported and harms no other.
   *
   * @param {string} topic
   * @param {any} news
   */
  publish(topic, news) {
    this.#latest.set(topic, news);
    for (const handler of [...(this.#handlers.get(topic) ?? [])]) {
      try {
        handler(news);
      } catch (error) {
        reportError(error);
      }
    }
  }

  /** The news last published on `topic`, or undefined. */
  latest(topic) {
    return this.#latest.get(topic);
  }
}

/** The page's own. */
export const bus = new Bus();
