/**
 * One WebSocket's life, from opening to its end: hello, welcome, catching up, news, heartbeat. It never
 * comes back; lib/socket.js begins the next one. The frames are those of `shipspeak.v1`.
 */

import { Acks } from "./acks.js";
import { Heartbeat } from "./heartbeat.js";

export const SUBPROTOCOL = "shipspeak.v1";
export const OPENING_MS = 15_000;

/** After so much without a word from us the server would hold signals back; so a ping goes out before. */
const CREDIT = 128 * 1024;
const FINAL = new Set([4401, 4403]);
const LEAVING = 1000;

/**
 * Why a session ended.
 *
 * @typedef {object} End
 * @property {number} at when the server was last heard, in milliseconds.
 * @property {number} lasted milliseconds since the welcome, 0 without one.
 * @property {boolean} final whether coming back is of no use.
 * @property {number | null} returnIn the milliseconds after which the server asked us back, if it did.
 * @property {string} message what the server said of it.
 */

export class Session {
  #socket;
  #inbox;
  #tell;
  #acks = new Acks((frame) => this.#send(frame));
  #heartbeat;
  #opening;
  #welcomed = 0;
  #pings = 0;
  #unanswered = 0;
  #asked = new Map();
  #recovering = new Set();
  #message = "";

  #handlers = {
    welcome: (frame) => this.#welcome(frame),
    event: (frame) => this.#event(frame),
    snapshot: (frame) => this.#snapshot(frame),
    signal: (frame) => this.#inbox.signal(frame),
    lagging: (frame) => this.#recover(frame.stream),
    pong: () => this.#pong(),
    error: (frame) => (this.#message = frame.message),
    going_away: (frame) => this.#end({ returnIn: frame.reconnect_in_ms }),
  };

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {typeof WebSocket} options.WebSocket
   * @param {import("./inbox.js").Inbox} options.inbox
   * @param {{welcome: () => void, behind: (since?: number) => void, caughtUp: () => void, ended: (end: End) => void}}
   *   options.tell what is called as the session goes on; "ended" once, and nothing after it.
   */
  constructor({ url, WebSocket, inbox, tell }) {
    this.#inbox = inbox;
    this.#tell = tell;
    this.#heartbeat = new Heartbeat({ every: OPENING_MS, ping: () => this.#ping(), dead: () => this.#end() });
    this.#opening = setTimeout(() => this.#end(), OPENING_MS);
    this.#socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket.onopen = () => this.#send({ type: "hello", streams: inbox.cursors });
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = ({ code }) => this.#end({ final: FINAL.has(code) });
  }

  /** Asks the server whether it is there, and ends the session if it does not answer soon. */
  probe() {
    if (!this.#welcomed) {
      return;
    }
    if (this.#heartbeat.overdue) {
      this.#tell.behind(this.#heartbeat.heard);
    }
    this.#heartbeat.probe();
  }

  /** Pings if that is due, for where timers come late. */
  look() {
    if (this.#welcomed) {
      this.#heartbeat.look();
    }
  }

  /** Ends it from our side, silently. */
  leave() {
    this.#acks.flush();
    this.#detach();
  }

  #receive(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      this.#end();
      return;
    }
    this.#heartbeat.hear();
    this.#handlers[frame.type]?.(frame);
    this.#unanswered += text.length;
    if (this.#socket && this.#unanswered > CREDIT) {
      this.#ping();
    }
  }

  #welcome({ heartbeat }) {
    clearTimeout(this.#opening);
    this.#welcomed = Date.now();
    this.#heartbeat = new Heartbeat({
      every: heartbeat * 1_000,
      ping: () => this.#ping(),
      dead: () => this.#end(),
    });
    this.#heartbeat.start();
    this.#tell.welcome();
    this.#ping();
  }

  #event(frame) {
    const verdict = this.#inbox.event(frame);
    if (verdict === "next") {
      this.#recovering.delete(frame.stream);
      this.#acks.note(frame.stream, frame.seq);
    } else if (verdict === "gap" && !this.#recovering.has(frame.stream)) {
      this.#recover(frame.stream);
    }
  }

  #snapshot(frame) {
    this.#recovering.delete(frame.stream);
    this.#inbox.snapshot(frame);
    this.#acks.note(frame.stream, frame.seq);
  }

  /** Asks for what is missing; for a snapshot, if the same was asked before and brought nothing on. */
  #recover(stream) {
    const cursor = this.#inbox.cursor(stream);
    const again = cursor !== null && this.#asked.get(stream) === cursor.seq;
    this.#asked.set(stream, cursor?.seq);
    this.#recovering.add(stream);
    this.#send({ type: "subscribe", stream, since: again ? null : cursor });
    this.#tell.behind();
    this.#ping();
  }

  #ping() {
    this.#pings += 1;
    this.#send({ type: "ping" });
  }

  /** The server answers in order: with the last pong, all that was asked for before it has come. */
  #pong() {
    this.#pings -= 1;
    if (this.#pings === 0) {
      this.#recovering.clear();
      this.#tell.caughtUp();
    }
  }

  #send(frame) {
    this.#unanswered = 0;
    this.#socket?.send(JSON.stringify(frame));
  }

  #end({ final = false, returnIn = null } = {}) {
    const at = this.#heartbeat.heard;
    const lasted = this.#welcomed && Date.now() - this.#welcomed;
    this.#detach();
    this.#tell.ended({ at, lasted, final, returnIn, message: this.#message });
  }

  /** A dead connection's closing handshake may take minutes: nothing that comes of it counts any more. */
  #detach() {
    clearTimeout(this.#opening);
    this.#acks.stop();
    this.#heartbeat.stop();
    const socket = this.#socket;
    this.#socket = undefined;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(LEAVING);
  }
}
