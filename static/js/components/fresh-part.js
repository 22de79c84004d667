/**
 * A part of the page that the server draws anew every few seconds while somebody looks: for what changes all
 * the time and has no events of its own, such as the load of the site.
 *
 * Attributes: data-partial (address of the part), data-every (seconds), data-at-once (the page came without it).
 */

import { morphChildren } from "../lib/morph.js";
import { Partial } from "../lib/partial.js";
import { everySecond } from "../lib/ticker.js";

export class FreshPart extends HTMLElement {
  #partial;
  #end;
  #age = 0;

  connectedCallback() {
    this.#partial = new Partial(this.dataset.partial, (body) => this.#accept(body));
    this.#end = everySecond(() => this.#grow());
    if (this.hasAttribute("data-at-once")) {
      this.#partial.request();
    }
  }

  disconnectedCallback() {
    this.#end();
    this.#partial.stop();
  }

  #grow() {
    this.#age += 1;
    if (this.#age >= Number(this.dataset.every)) {
      this.#age = 0;
      this.#partial.request();
    }
  }

  #accept(body) {
    morphChildren(this, body);
  }
}
