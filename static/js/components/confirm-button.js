/**
 * Wraps a button that does what cannot be undone: the first press asks, the second does it.
 *
 * Attributes: data-question (what the button says meanwhile).
 */

const PATIENCE_MS = 5_000;

export class ConfirmButton extends HTMLElement {
  #label = null;
  #timer;

  connectedCallback() {
    this.addEventListener("click", this);
    this.addEventListener("focusout", this);
    this.addEventListener("keydown", this);
  }

  disconnectedCallback() {
    this.#calm();
    this.removeEventListener("click", this);
    this.removeEventListener("focusout", this);
    this.removeEventListener("keydown", this);
  }

  handleEvent(event) {
    if (event.type === "click") {
      this.#pressed(event);
    } else if (event.type === "focusout" || event.key === "Escape") {
      this.#calm();
    }
  }

  #pressed(event) {
    if (this.#label === null) {
      event.preventDefault();
      this.#ask();
    } else {
      setTimeout(() => this.#calm());
    }
  }

  #ask() {
    const button = this.querySelector("button");
    this.#label = [...button.childNodes];
    button.replaceChildren(this.dataset.question || "Press again to confirm");
    button.setAttribute("aria-live", "polite");
    this.setAttribute("data-busy", "");
    this.#timer = setTimeout(() => this.#calm(), PATIENCE_MS);
  }

  #calm() {
    clearTimeout(this.#timer);
    if (this.#label !== null) {
      this.querySelector("button").replaceChildren(...this.#label);
      this.removeAttribute("data-busy");
      this.#label = null;
    }
  }
}
