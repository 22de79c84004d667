/**
 * How many notifications are unread, live, and the latest of them in a popover.
 *
 * Attributes: data-unread (the count), data-partial (address of the list; /notifications/bell/).
 * Inside: [data-bell-toggle], a link to the notifications that opens the popover instead;
 * [data-unread-count], the count's text; [data-bell-popover], where the list goes.
 */

import { bus } from "../lib/bus.js";
import { morphChildren } from "../lib/morph.js";
import { Partial } from "../lib/partial.js";

const MANY = 99;

export class NotificationBell extends HTMLElement {
  #partial;
  #endings = [];

  connectedCallback() {
    this.#partial = new Partial(this.dataset.partial || "/notifications/bell/", (body) => this.#accept(body));
    this.#endings = [
      bus.subscribe("event", (event) => this.#event(event)),
      bus.subscribe("snapshot", ({ state }) => this.#snapshot(state)),
    ];
    for (const type of ["click", "keydown"]) {
      document.addEventListener(type, this);
    }
    this.#toggle?.setAttribute("aria-expanded", "false");
    this.#show(Number(this.dataset.unread) || 0);
  }

  disconnectedCallback() {
    this.#endings.forEach((end) => end());
    this.#partial.stop();
    for (const type of ["click", "keydown"]) {
      document.removeEventListener(type, this);
    }
  }

  handleEvent(event) {
    if (event.type === "click") {
      this.#clicked(event);
    } else if (event.key === "Escape" && this.#isOpen) {
      this.#open(false);
      this.#toggle.focus();
    }
  }

  get #toggle() {
    return this.querySelector("[data-bell-toggle]");
  }

  get #popover() {
    return this.querySelector("[data-bell-popover]");
  }

  get #isOpen() {
    return this.#popover?.hidden === false;
  }

  #clicked(event) {
    const plain = !(event.metaKey || event.ctrlKey || event.shiftKey);
    if (plain && this.#popover && this.#toggle?.contains(event.target)) {
      event.preventDefault();
      this.#open(!this.#isOpen);
    } else if (this.#isOpen && !this.contains(event.target)) {
      this.#open(false);
    }
  }

  #open(open) {
    this.#popover.hidden = !open;
    this.#toggle.setAttribute("aria-expanded", String(open));
    if (open) {
      this.#partial.request();
    }
  }

  #event({ name, data }) {
    if (name.startsWith("notification.")) {
      this.#told(data.unread);
    }
  }

  #snapshot({ notifications }) {
    if (notifications) {
      this.#told(notifications.unread);
    }
  }

  /** Counts are told whole, never added up: the page may know of the event already. */
  #told(unread) {
    if (Number.isInteger(unread)) {
      this.#show(unread);
    }
    if (this.#isOpen || !Number.isInteger(unread)) {
      this.#partial.request();
    }
  }

  #accept(body) {
    const counted = body.querySelector("[data-unread]");
    if (counted) {
      this.#show(Number(counted.dataset.unread));
    }
    if (this.#popover) {
      morphChildren(this.#popover, body);
    }
  }

  #show(unread) {
    this.dataset.unread = String(unread);
    this.querySelectorAll("[data-unread-count]").forEach((element) => {
      element.textContent = unread > MANY ? `${MANY}+` : String(unread);
      element.hidden = unread === 0;
    });
  }
}
