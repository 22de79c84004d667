/**
 * Brings one person's stream to all pages that they have open, by one connection. It runs in a shared
 * worker, or in the page that leads the others, or in the only page that hears it; lib/lines/ has these.
 *
 * @typedef {object} Site
 * @property {string} stream
 * @property {string} socketUrl
 * @property {string} pollUrl of the stream's events.
 *
 * What a page says: it is here ("hello", again and again), something around it changed ("wake"), it goes
 * ("leave"). Commands, once pages send them by socket, are one type more.
 *
 * @typedef {object} Word
 * @property {"hello" | "wake" | "leave"} type
 * @property {string} from the page's id.
 * @property {import("../models/cursor.js").Cursor | null} since where the page stands.
 *
 * What a page hears: how things stand, after each word and each change, and often a frame with it.
 *
 * @typedef {object} News
 * @property {string} [to] the page's id; without it, it is for all.
 * @property {import("../models/cursor.js").Cursor | null} place where the exchange stands, after `frame`.
 * @property {import("../models/connection.js").State} state
 * @property {"event" | "signal" | "snapshot"} [topic]
 * @property {object} [frame]
 */

import { INITIAL, isStale } from "../models/connection.js";
import { Connection } from "./connection.js";
import { Inbox } from "./inbox.js";

/** A page that was not heard for so long is gone. Browsers let a hidden one speak once a minute. */
export const SILENT_MS = 150_000;
const SWEEP_MS = 30_000;

export class Exchange {
  #site;
  #network;
  #post;
  #gone;
  #pages = new Map();
  #inbox = null;
  #connection = null;
  #state = INITIAL;
  #sweep;

  #handlers = {
    hello: (word) => this.#hello(word),
    wake: (word) => this.#wake(word),
    leave: ({ from }) => this.#leave(from),
  };

  /**
   * @param {object} options
   * @param {Site} options.site
   * @param {(news: News) => void} options.post to one page or to all.
   * @param {(page: string) => void} [options.gone] is told of each page that is here no more.
   * @param {object} [options.network] what `Connection` takes of the browser, for tests.
   */
  constructor({ site, post, gone = () => undefined, network = {} }) {
    this.#site = site;
    this.#post = post;
    this.#gone = gone;
    this.#network = network;
    this.#sweep = setInterval(() => this.#dropSilent(), SWEEP_MS);
  }

  /** The ids of the pages that are here. */
  get pages() {
    return [...this.#pages.keys()];
  }

  /** @param {Word} word */
  hear(word) {
    this.#handlers[word.type]?.(word);
  }

  /** Ends it. */
  stop() {
    clearInterval(this.#sweep);
    this.#connection?.stop();
  }

  #hello({ from, since }) {
    const isNew = !this.#pages.has(from);
    this.#pages.set(from, Date.now());
    this.#connection ??= this.#connected(since);
    this.#connection.look();
    if (isNew) {
      this.#join();
    }
    this.#post({ to: from, ...this.#standing });
  }

  /** A new page was sent by the server just now: so there is one, and somebody is signed in. */
  #join() {
    this.#connection.start();
    if (isStale(this.#state)) {
      this.#connection.wake();
    }
  }

  #wake(word) {
    this.#hello(word);
    this.#connection.wake();
  }

  #leave(page) {
    this.#pages.delete(page);
    this.#gone(page);
    if (this.#pages.size === 0) {
      this.#connection?.stop();
    }
  }

  #dropSilent() {
    const limit = Date.now() - SILENT_MS;
    for (const [page, heard] of this.#pages) {
      if (heard < limit) {
        this.#leave(page);
      }
    }
  }

  /** It stands at first where the first page does. */
  #connected(since) {
    const { stream } = this.#site;
    const publish = (topic, frame) => this.#post({ ...this.#standing, topic, frame });
    this.#inbox = new Inbox({ [stream]: since }, publish);
    return new Connection({
      ...this.#site,
      ...this.#network,
      inbox: this.#inbox,
      publish: (state) => this.#become(state),
    });
  }

  #become(state) {
    this.#state = state;
    this.#post(this.#standing);
  }

  get #standing() {
    return { place: this.#inbox?.cursor(this.#site.stream) ?? null, state: this.#state };
  }
}
