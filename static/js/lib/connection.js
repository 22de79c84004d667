/**
 * Keeps news coming, and says how fresh they are: by a socket, and by long-poll for as long as no socket is
 * to be had. Publishes states of models/connection.js. It knows of no page; lib/exchange.js has one.
 */

import { INITIAL, after } from "../models/connection.js";
import { Poll } from "./poll.js";
import { Socket } from "./socket.js";

/** Failed attempts in a row after which it polls, while it goes on trying for a socket. */
export const ATTEMPTS_UNTIL_POLL = 3;

export class Connection {
  #socket;
  #poll;
  #publish;
  #online;
  #state = INITIAL;
  #running = false;

  /**
   * @param {object} options
   * @param {string} options.socketUrl
   * @param {string} options.pollUrl of the events of `stream`.
   * @param {string} options.stream
   * @param {import("./inbox.js").Inbox} options.inbox
   * @param {(state: import("../models/connection.js").State) => void} options.publish
   * @param {typeof WebSocket | null} [options.WebSocket] null where there is none.
   * @param {typeof fetch} [options.fetch]
   * @param {() => boolean} [options.online] whether the browser knows of a network.
   * @param {() => number} [options.random]
   */
  constructor({
    socketUrl,
    pollUrl,
    stream,
    inbox,
    publish,
    WebSocket = globalThis.WebSocket,
    fetch = globalThis.fetch.bind(globalThis),
    online = () => globalThis.navigator.onLine,
    random = Math.random,
  }) {
    this.#publish = publish;
    this.#online = online;
    const toSocket = { url: socketUrl, inbox, random, WebSocket, tell: this.#fromSocket() };
    const toPoll = { url: pollUrl, stream, inbox, random, fetch, tell: this.#fromPoll() };
    this.#socket = WebSocket ? new Socket(toSocket) : null;
    this.#poll = new Poll(toPoll);
  }

  /** Begins, or begins again after a stop, from where the inbox stands. */
  start() {
    if (this.#running) {
      return;
    }
    this.#running = true;
    this.#note({ type: "started" });
    if (this.#socket) {
      this.#socket.start();
    } else {
      this.#poll.start();
    }
  }

  /** Ends it, until the next start. What it brought counts as old from now on. */
  stop() {
    if (this.#running) {
      this.#note({ type: "left", at: Date.now() });
      this.#halt();
    }
  }

  /** Something changed (the network, the page came to the front): makes sure soon that all is well. */
  wake() {
    if (this.#running) {
      this.#socket?.wake();
      this.#poll.wake();
    }
  }

  /** Does what is due, for where timers come late: somebody else's are not. */
  look() {
    if (this.#running) {
      this.#socket?.look();
    }
  }

  #fromSocket() {
    return {
      welcome: () => {
        this.#poll.stop();
        this.#note({ type: "welcome" });
      },
      behind: (since = Date.now()) => this.#note({ type: "behind", at: since }),
      caughtUp: () => this.#note({ type: "caught-up" }),
      lost: (end, failures) => {
        this.#note({ type: "lost", at: end.at, online: this.#online() });
        if (failures >= ATTEMPTS_UNTIL_POLL) {
          this.#poll.start();
        }
      },
      refused: (end) => this.#refused(end),
    };
  }

  #fromPoll() {
    return {
      polled: (answer) => this.#polled(answer),
      lost: ({ at }) => this.#note({ type: "poll-lost", at }),
      refused: (end) => this.#refused(end),
    };
  }

  /** An answer after failures says that the server is back: then a socket may be had at once. */
  #polled({ isBack }) {
    this.#note({ type: "polled" });
    if (isBack) {
      this.#socket?.wake();
    }
  }

  #refused({ at, message }) {
    this.#halt();
    this.#note({ type: "refused", at, message });
  }

  #halt() {
    this.#running = false;
    this.#socket?.stop();
    this.#poll.stop();
  }

  #note(news) {
    const state = after(this.#state, news);
    if (state !== this.#state) {
      this.#state = state;
      this.#publish(state);
    }
  }
}
