/**
 * What AI services write for a job at the moment, step by step, as it comes. It is there until the step
 * ends: then its result is the better answer.
 *
 * Attributes: data-job (id). Inside: [data-draft], one for each step by its name, with [data-draft-text].
 */

import { bus } from "../lib/bus.js";
import { NOTHING, readable, withPiece } from "../models/draft.js";

/** Draws no more often than this, whatever comes. */
const DRAW_MS = 60;
/** Whoever reads further up than this from the end, in pixels, is not pulled down to it. */
const AT_THE_END = 24;

export class JobDraft extends HTMLElement {
  #drafts = new Map();
  #drawing;
  #endings = [];

  connectedCallback() {
    this.#endings = [
      bus.subscribe("signal", (signal) => this.#signal(signal)),
      bus.subscribe("event", ({ data }) => data.job?.id === this.dataset.job && this.#told(data.job)),
      bus.subscribe("snapshot", ({ state }) => this.#snapshot(state)),
    ];
  }

  disconnectedCallback() {
    this.#endings.forEach((end) => end());
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
  }

  /** What the server drew of it is empty: it keeps no drafts. */
  renew() {}

  #signal({ name, data }) {
    if (name === "job.text" && data.job === this.dataset.job) {
      this.#keep(data.step, withPiece(this.#drafts.get(data.step) ?? NOTHING, data.offset, data.text));
    }
  }

  #snapshot({ jobs }) {
    const told = jobs?.find(({ id }) => id === this.dataset.job);
    if (told) {
      this.#told(told);
    }
  }

  /** Of a step that works no more, nothing is being written. */
  #told({ steps }) {
    for (const { name, status } of steps) {
      if (status !== "processing" && this.#drafts.has(name)) {
        this.#keep(name, NOTHING);
      }
    }
  }

  #keep(step, draft) {
    this.#drafts.set(step, draft);
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#draw();
    }, DRAW_MS);
  }

  #draw() {
    const parts = [...this.querySelectorAll("[data-draft]")];
    for (const part of parts) {
      const text = readable(this.#drafts.get(part.dataset.draft) ?? NOTHING);
      part.hidden = !text;
      write(part.querySelector("[data-draft-text]"), text);
    }
    this.hidden = parts.every((part) => part.hidden);
  }
}

/** Writes the text, and stays at its end if that was in sight. */
function write(element, text) {
  if (element.textContent !== text) {
    const follows = element.scrollHeight - element.scrollTop - element.clientHeight < AT_THE_END;
    element.textContent = text;
    if (follows) {
      element.scrollTop = element.scrollHeight;
    }
  }
}
