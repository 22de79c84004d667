/**
 * A line to the exchange in the page that leads: the one that holds a lock. All pages that want the lock
 * wait for it in turn, so the next one leads as soon as the leader is closed. They talk by a channel.
 */

import { Exchange } from "../exchange.js";

export class ElectedLine {
  #site;
  #name;
  #id;
  #heard;
  #network;
  #locks;
  #channel;
  #exchange = null;
  #release = () => undefined;
  #closing = new AbortController();

  /**
   * @param {object} options
   * @param {import("../exchange.js").Site} options.site
   * @param {string} options.name of the lock and of the channel.
   * @param {string} options.id the page's.
   * @param {boolean} [options.steal] whether to take the lock from whoever has it, who hangs.
   * @param {(news: import("../exchange.js").News) => void} options.heard
   * @param {{navigator: Navigator, BroadcastChannel: typeof BroadcastChannel}} [options.browser]
   * @param {object} [options.network] for tests.
   */
  constructor({ site, name, id, heard, steal = false, browser = globalThis, network }) {
    this.#site = site;
    this.#name = name;
    this.#id = id;
    this.#heard = heard;
    this.#network = network;
    this.#locks = browser.navigator.locks;
    this.#channel = new browser.BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    this.#campaign(steal ? { steal: true } : { signal: this.#closing.signal });
  }

  send(word) {
    if (this.#exchange) {
      this.#exchange.hear(word);
    } else {
      this.#channel.postMessage(word);
    }
  }

  close() {
    this.#closing.abort();
    this.#abdicate();
    this.#channel.close();
    this.#release();
  }

  /** A page's word is for the exchange, wherever it is; the rest is for pages. */
  #receive(data) {
    if (data.from) {
      this.#exchange?.hear(data);
    } else if (!data.to || data.to === this.#id) {
      this.#heard(data);
    }
  }

  async #campaign(options) {
    try {
      await this.#locks.request(this.#name, options, () => this.#lead());
    } catch (error) {
      this.#lost(error);
    }
  }

  #lead() {
    if (this.#closing.signal.aborted) {
      return undefined;
    }
    this.#exchange = new Exchange({
      site: this.#site,
      post: (news) => this.#post(news),
      network: this.#network,
    });
    this.#post({ begins: true });
    return new Promise((resolve) => (this.#release = resolve));
  }

  #post(news) {
    if (news.to !== this.#id) {
      this.#channel.postMessage(news);
    }
    if (!news.to || news.to === this.#id) {
      this.#heard(news);
    }
  }

  /** Another page took the lock, as this one seemed to hang; or this page gave up waiting for it. */
  #lost(error) {
    if (error.name !== "AbortError") {
      throw error;
    }
    this.#abdicate();
    if (!this.#closing.signal.aborted) {
      this.#campaign({ signal: this.#closing.signal });
    }
  }

  #abdicate() {
    this.#exchange?.stop();
    this.#exchange = null;
  }
}
