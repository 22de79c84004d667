/**
 * A page's news: hears an exchange by a line, keeps the page's own place in the stream, and fetches what the
 * exchange has handled and this page has not. So it does not matter when a page comes, and what it slept
 * through. When nobody answers on the line, it takes the next one.
 *
 * Publishes states of models/connection.js, as they are for this page.
 */

import { INITIAL, after, isSame, isStale, onPage } from "../models/connection.js";
import { Heartbeat } from "./heartbeat.js";
import { identifier } from "./identifier.js";
import { Replay } from "./replay.js";

/** How often a page says that it is here, and how long it waits for an answer. */
export const HELLO_MS = 5_000;
export const ANSWER_MS = 5_000;

export class PageNews {
  #id = identifier();
  #stream;
  #inbox;
  #lines;
  #publish;
  #replay;
  #running = false;
  #line = null;
  #turn = 0;
  #choice = 0;
  #heartbeat;

  #shared = INITIAL;
  #place = null;
  #askedIn = null;
  #formerEpoch = null;
  #drawn = Date.now();
  #whole = this.#drawn;
  #lacksSince = null;
  #told = null;

  /**
   * @param {object} options
   * @param {import("./exchange.js").Site} options.site
   * @param {import("./inbox.js").Inbox} options.inbox
   * @param {import("./lines/choice.js").Line[]} options.lines the best first.
   * @param {(state: import("../models/connection.js").State) => void} options.publish
   * @param {typeof fetch} [options.fetch]
   * @param {() => number} [options.random]
   */
  constructor({
    site,
    inbox,
    lines,
    publish,
    fetch = globalThis.fetch.bind(globalThis),
    random = Math.random,
  }) {
    this.#stream = site.stream;
    this.#inbox = inbox;
    this.#lines = lines;
    this.#publish = publish;
    const tell = { brought: ({ epoch }) => this.#brought(epoch), refused: () => this.#refused() };
    this.#replay = new Replay({ url: site.pollUrl, stream: site.stream, inbox, fetch, random, tell });
  }

  /** Begins, or begins again after a stop, from where the page stands. */
  start() {
    if (!this.#running) {
      this.#running = true;
      this.#open();
    }
  }

  /** Ends it; the page may be frozen or gone after this. What it shows counts as old from now on. */
  stop() {
    if (this.#running) {
      this.#halt();
      this.#show();
    }
  }

  /** Something changed (the network, the page came to the front): makes sure soon that all is well. */
  wake() {
    if (this.#running) {
      this.#say("wake");
      this.#replay.wake();
    }
  }

  #open() {
    this.#turn += 1;
    const turn = this.#turn;
    const onLine = (act) => (news) => this.#turn === turn && act(news);
    this.#place = null;
    this.#shared = INITIAL;
    this.#heartbeat = new Heartbeat({
      every: HELLO_MS,
      timeout: ANSWER_MS,
      patience: ANSWER_MS,
      ping: () => this.#say("hello"),
      dead: () => this.#replace(),
    });
    this.#heartbeat.start();
    this.#line = this.#lines[this.#choice]({
      id: this.#id,
      heard: onLine((news) => this.#hear(news)),
      failed: onLine(() => this.#replace()),
    });
    this.#show();
    this.#say("hello");
  }

  /** Nobody answers: takes the next line. */
  #replace() {
    this.#halt();
    this.#choice = Math.min(this.#choice + 1, this.#lines.length - 1);
    this.start();
  }

  #halt() {
    this.#running = false;
    this.#turn += 1;
    this.#say("leave");
    this.#heartbeat.stop();
    this.#replay.stop();
    this.#askedIn = null;
    this.#line.close();
    this.#lack();
  }

  #say(type) {
    this.#line.send({ type, from: this.#id, since: this.#inbox.cursor(this.#stream) });
  }

  #hear({ begins, place, state, topic, frame }) {
    this.#heartbeat.hear();
    if (begins) {
      this.#meet();
      return;
    }
    this.#place = place;
    this.#shared = state;
    if (frame) {
      this.#take(topic, frame);
    }
    this.#compare();
  }

  /** Another page leads from now on. What the one before did not bring may be missing. */
  #meet() {
    if (this.#place) {
      this.#lack();
    }
    this.#say("hello");
  }

  /** An event of a life that this page does not know is not counted; it lacks all of that life then. */
  #take(topic, frame) {
    if (topic !== "event" || this.#inbox.cursor(this.#stream)?.epoch === this.#place.epoch) {
      this.#inbox[topic](frame);
    }
  }

  /** Finds out whether the exchange has handled what this page has not, and fetches it. */
  #compare() {
    if (this.#isBehind) {
      this.#lack();
      this.#askedIn ??= this.#place.epoch;
      this.#replay.start();
    } else if (this.#place && !isStale(this.#shared)) {
      this.#whole = Date.now();
      this.#lacksSince = null;
    }
    this.#show();
  }

  /** While the exchange has yet to hear of a new life of the stream, the page is not behind it. */
  get #isBehind() {
    if (this.#place === null || this.#place.epoch === this.#formerEpoch) {
      return false;
    }
    const cursor = this.#inbox.cursor(this.#stream);
    return cursor?.epoch !== this.#place.epoch || cursor.seq < this.#place.seq;
  }

  #brought(epoch) {
    this.#formerEpoch = epoch === this.#askedIn ? null : this.#askedIn;
    this.#askedIn = null;
    this.#compare();
  }

  #refused() {
    this.#shared = after(this.#shared, { type: "refused", at: this.#whole, message: "" });
    this.#show();
  }

  #lack() {
    this.#lacksSince ??= this.#whole;
  }

  #show() {
    const state = onPage(this.#shared, { drawn: this.#drawn, lacksSince: this.#lacksSince });
    if (!isSame(state, this.#told)) {
      this.#told = state;
      this.#publish(state);
    }
    if (state.name === "signed-out" && this.#running) {
      this.#halt();
    }
  }
}
