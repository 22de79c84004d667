/**
 * Says how fresh the page's news are.
 *
 * Sets data-state, the text in [data-connection-text], and shows [data-sign-in] when nobody is signed in
 * any more.
 */

import { bus } from "../lib/bus.js";
import { clock } from "../lib/clock.js";
import { describe } from "../models/connection.js";

export class ConnectionState extends HTMLElement {
  #end;

  connectedCallback() {
    this.#end = bus.subscribe("connection", (state) => this.#show(state));
    const state = bus.latest("connection");
    if (state) {
      this.#show(state);
    }
  }

  disconnectedCallback() {
    this.#end();
  }

  #show(state) {
    this.dataset.state = state.name;
    this.querySelectorAll("[data-connection-text]").forEach((element) => {
      element.textContent = describe(state, clock);
    });
    this.querySelectorAll("[data-sign-in]").forEach((element) => {
      element.hidden = state.name !== "signed-out";
    });
  }
}
