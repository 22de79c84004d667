/** One clock for everything on the page that counts seconds; it stands still while nobody looks. */

const TICK_MS = 1_000;
const handlers = new Set();
let timer;

/**
 * Calls `handler` every second while the page is visible.
 *
 * @param {() => void} handler
 * @returns {() => void} ends it.
 */
export function everySecond(handler) {
  handlers.add(handler);
  timer ??= setInterval(tick, TICK_MS);
  return () => forget(handler);
}

function forget(handler) {
  handlers.delete(handler);
  if (handlers.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
}

function tick() {
  if (document.visibilityState === "visible") {
    handlers.forEach((handler) => handler());
  }
}
