/** A line to an exchange of the page's own, where pages cannot share one. */

import { Exchange } from "../exchange.js";

export class OwnLine {
  #exchange;

  /**
   * @param {object} options
   * @param {import("../exchange.js").Site} options.site
   * @param {(news: import("../exchange.js").News) => void} options.heard
   * @param {object} [options.network] for tests.
   */
  constructor({ site, heard, network }) {
    this.#exchange = new Exchange({ site, post: heard, network });
  }

  send(word) {
    this.#exchange.hear(word);
  }

  close() {
    this.#exchange.stop();
  }
}
