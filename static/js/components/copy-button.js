/**
 * Wraps a button that copies a text.
 *
 * Attributes: data-copy (the text) or data-copy-from (a selector of the element whose text it is);
 * data-done (what the button says for a moment afterwards).
 */

const SHOWN_MS = 2_000;

export class CopyButton extends HTMLElement {
  #label = null;
  #timer;

  connectedCallback() {
    this.addEventListener("click", this);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.removeEventListener("click", this);
  }

  async handleEvent(event) {
    const button = event.target.closest("button");
    if (button) {
      const copied = await copy(this.#text(), this);
      this.#say(button, copied ? this.dataset.done || "Copied" : "Press Ctrl+C to copy");
    }
  }

  #text() {
    const source = this.dataset.copyFrom && document.querySelector(this.dataset.copyFrom);
    return this.dataset.copy ?? source?.value ?? source?.textContent.trim() ?? "";
  }

  #say(button, text) {
    clearTimeout(this.#timer);
    this.#label ??= [...button.childNodes];
    button.setAttribute("aria-live", "polite");
    button.replaceChildren(text);
    this.setAttribute("data-busy", "");
    this.#timer = setTimeout(() => this.#restore(button), SHOWN_MS);
  }

  #restore(button) {
    button.replaceChildren(...this.#label);
    this.removeAttribute("data-busy");
    this.#label = null;
  }
}

/** Copies; the older way where the clipboard is closed to pages, as it is without HTTPS. */
async function copy(text, place) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  place.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
