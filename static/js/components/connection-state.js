/**
 * Says how fresh the page's news are, calmly: a trouble that is over within a second is not told, and
 * nothing that is told is replaced sooner.
 *
 * Sets data-state, the text in [data-connection-text], and shows [data-sign-in] when nobody is signed in
 * any more.
 */

import { bus } from "../lib/bus.js";
import { clock } from "../lib/clock.js";
import { describe } from "../models/connection.js";

export const STEADY_MS = 1_000;

/** What is told as soon as it is so. */
const AT_ONCE = new Set(["live", "polling", "signed-out"]);

export class ConnectionState extends HTMLElement {
  #end;
  #state;
  #shown = -Infinity;
  #due = Infinity;
  #timer;

  connectedCallback() {
    this.#end = bus.subscribe("connection", (state) => this.#become(state));
    const state = bus.latest("connection");
    if (state) {
      this.#become(state);
    }
  }

  disconnectedCallback() {
    this.#end();
    this.#forget();
  }

  #become(state) {
    this.#state = state;
    if (state.name === this.dataset.state) {
      this.#show();
      return;
    }
    const now = Date.now();
    const wait = AT_ONCE.has(state.name) ? Math.max(0, this.#shown + STEADY_MS - now) : STEADY_MS;
    this.#showIn(Math.min(wait, this.#due - now));
  }

  #showIn(wait) {
    this.#forget();
    if (wait <= 0) {
      this.#show();
      return;
    }
    this.#due = Date.now() + wait;
    this.#timer = setTimeout(() => this.#show(), wait);
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }

  #show() {
    this.#forget();
    this.#shown = this.dataset.state === this.#state.name ? this.#shown : Date.now();
    this.dataset.state = this.#state.name;
    this.querySelectorAll("[data-connection-text]").forEach((element) => {
      setText(element, describe(this.#state, clock));
    });
    this.querySelectorAll("[data-sign-in]").forEach((element) => {
      element.hidden = this.#state.name !== "signed-out";
    });
  }
}

/** Leaves a text that is the same: screen readers would say it once more. */
function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
