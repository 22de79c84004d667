/**
 * Tells a page's news what happens around the page. What the browser says of the network is a hint to look,
 * never a fact: a server on this machine or this network answers without the internet.
 */

/** A clock that should strike so often, and a stroke so late that the machine must have slept. */
const STROKE_MS = 2_000;
const LATE_MS = 5_000;

/**
 * @param {import("./page-news.js").PageNews} news
 * @param {{window?: Window, document?: Document}} [page]
 */
export function follow(news, page = globalThis) {
  const { window, document } = page;
  const isVisible = () => document.visibilityState === "visible";
  const wake = () => news.wake();
  for (const type of ["online", "offline"]) {
    window.addEventListener(type, wake);
  }
  document.addEventListener("resume", wake);
  document.addEventListener("visibilitychange", () => isVisible() && wake());
  afterSleep(() => isVisible() && wake());
  window.addEventListener("pagehide", () => news.stop());
  window.addEventListener("pageshow", ({ persisted }) => persisted && news.start());
}

/** Calls `act` after each time in which no timer ran. Nothing else tells that a machine has slept. */
function afterSleep(act) {
  let struck = Date.now();
  setInterval(() => {
    const late = Date.now() - struck - STROKE_MS;
    struck = Date.now();
    if (late > LATE_MS) {
      act();
    }
  }, STROKE_MS);
}
