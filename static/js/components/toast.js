/**
 * Where short notices appear for a while: those published on the bus's topic "toast", and notifications
 * as they come in. They stay while a person points at them or has the focus there.
 */

import { bus } from "../lib/bus.js";

const SHOWN_MS = 7_000;
const AT_MOST = 4;

export class ToastRegion extends HTMLElement {
  #endings = [];

  connectedCallback() {
    this.setAttribute("role", "status");
    this.setAttribute("aria-live", "polite");
    this.#endings = [
      bus.subscribe("toast", (toast) => this.#add(toast)),
      bus.subscribe("event", ({ name, data }) => name === "notification.created" && this.#notified(data)),
    ];
  }

  disconnectedCallback() {
    this.#endings.forEach((end) => end());
  }

  #notified(data) {
    const { level, subject, link } = data.notification ?? data;
    if (subject && link !== location.pathname) {
      this.#add({ level, text: subject, link });
    }
  }

  #add({ level = "info", text, link }) {
    const toast = document.createElement("toast-notice");
    toast.dataset.level = level;
    toast.append(link ? anchor(text, link) : textElement(text), dismissal(toast));
    this.append(toast);
    while (this.children.length > AT_MOST) {
      this.firstElementChild.remove();
    }
  }
}

export class ToastNotice extends HTMLElement {
  #timer;

  connectedCallback() {
    this.addEventListener("pointerenter", this);
    this.addEventListener("focusin", this);
    this.addEventListener("pointerleave", this);
    this.addEventListener("focusout", this);
    this.#count();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  handleEvent({ type }) {
    clearTimeout(this.#timer);
    if (type === "pointerleave" || type === "focusout") {
      this.#count();
    }
  }

  #count() {
    this.#timer = setTimeout(() => this.remove(), SHOWN_MS);
  }
}

function anchor(text, link) {
  const element = document.createElement("a");
  element.href = link;
  element.textContent = text;
  return element;
}

function textElement(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

function dismissal(toast) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", "Dismiss");
  button.textContent = "×";
  button.addEventListener("click", () => toast.remove());
  return button;
}
