/**
 * A part of the page that the server draws anew whenever one of some events comes, or a snapshot: lists
 * and counts, such as the jobs under way.
 *
 * Attributes: data-partial (address of the part), data-on (names of events, with spaces between).
 */

import { bus } from "../lib/bus.js";
import { morphChildren } from "../lib/morph.js";
import { Partial } from "../lib/partial.js";

export class LivePart extends HTMLElement {
  #partial;
  #endings = [];

  connectedCallback() {
    const names = new Set((this.dataset.on ?? "").split(/\s+/));
    this.#partial = new Partial(this.dataset.partial, (body) => this.#accept(body));
    this.#endings = [
      bus.subscribe("event", ({ name }) => names.has(name) && this.#partial.request()),
      bus.subscribe("snapshot", () => this.#partial.request()),
    ];
  }

  disconnectedCallback() {
    this.#endings.forEach((end) => end());
    this.#partial.stop();
  }

  #accept(body) {
    morphChildren(this, body.querySelector(this.localName) ?? body);
  }
}
