/**
 * The one way in for news, whatever brings them: keeps the cursor of each stream, so that an event is
 * published once and in order, and says when one is missing.
 */

import { judge } from "../models/cursor.js";

export class Inbox {
  #cursors;
  #publish;

  /**
   * @param {Record<string, import("../models/cursor.js").Cursor | null>} cursors where the page stands in
   *   each stream that it watches; null where it stands nowhere yet.
   * @param {(topic: string, frame: object) => void} publish
   */
  constructor(cursors, publish) {
    this.#cursors = new Map(Object.entries(cursors));
    this.#publish = publish;
  }

  /** Where the page stands in each stream, as hello tells it. */
  get cursors() {
    return Object.fromEntries(this.#cursors);
  }

  /** Where the page stands in `stream`; null when nowhere yet. */
  cursor(stream) {
    return this.#cursors.get(stream) ?? null;
  }

  /**
   * Takes an event. Only the "next" one is published.
   *
   * @returns {"next" | "seen" | "gap"}
   */
  event(frame) {
    const cursor = this.cursor(frame.stream);
    const verdict = judge(cursor, frame.seq);
    if (verdict === "next") {
      this.#cursors.set(frame.stream, { epoch: cursor.epoch, seq: frame.seq });
      this.#publish("event", frame);
    }
    return verdict;
  }

  /** Takes a snapshot: the page stands where it says, even if that is earlier than before. */
  snapshot(frame) {
    this.#cursors.set(frame.stream, { epoch: frame.epoch, seq: frame.seq });
    this.#publish("snapshot", frame);
  }

  /** Takes a signal, which has no place in the order. */
  signal(frame) {
    this.#publish("signal", frame);
  }
}
