/**
 * Chooses light, dark, or what the system has. Remembered in this browser, and followed by its other tabs;
 * theme.js applies it before the first paint.
 *
 * Holds one button that goes to the opposite, or several with data-theme-choice="light|dark|system".
 */

const KEY = "theme";
const THEMES = ["light", "dark"];

export class ThemeToggle extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this);
    addEventListener("storage", this);
    this.#show();
  }

  disconnectedCallback() {
    this.removeEventListener("click", this);
    removeEventListener("storage", this);
  }

  handleEvent(event) {
    if (event.type === "storage" && event.key === KEY) {
      apply(event.newValue);
    } else if (event.type === "click" && event.target.closest("button")) {
      const choice = event.target.closest("button").dataset.themeChoice ?? opposite();
      remember(choice);
      apply(choice);
    }
    this.#show();
  }

  #show() {
    const chosen = document.documentElement.dataset.theme ?? "system";
    for (const button of this.querySelectorAll("button")) {
      const { themeChoice } = button.dataset;
      const pressed = themeChoice ? themeChoice === chosen : current() === "dark";
      button.setAttribute("aria-pressed", String(pressed));
    }
  }
}

function apply(choice) {
  if (THEMES.includes(choice)) {
    document.documentElement.dataset.theme = choice;
  } else {
    delete document.documentElement.dataset.theme;
  }
}

function remember(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch (error) {
    if (!(error instanceof DOMException)) {
      throw error;
    } // storage is closed or full: the choice lasts as long as this page
  }
}

function opposite() {
  return current() === "dark" ? "light" : "dark";
}

function current() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  return document.documentElement.dataset.theme ?? system;
}
