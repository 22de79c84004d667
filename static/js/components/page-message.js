/**
 * A message about what a person just did. It can be dismissed, and one that all went well leaves by
 * itself: after a while the page around it tells something newer.
 *
 * Attributes: data-level. Inside: [data-dismiss], a button that is hidden without JavaScript.
 */

import { ToastNotice } from "./toast.js";

export class PageMessage extends ToastNotice {
  connectedCallback() {
    this.querySelectorAll("[data-dismiss]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => this.remove());
    });
    if (this.dataset.level === "success") {
      super.connectedCallback();
    }
  }
}
