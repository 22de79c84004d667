/**
 * Tells a connection what happens to the page around it. What the browser says of the network is a hint to
 * look, never a fact: a server on this machine or this network answers without the internet.
 */

/**
 * @param {import("./connection.js").Connection} connection
 * @param {{window?: Window, document?: Document}} [page]
 */
export function follow(connection, page = globalThis) {
  const { window, document } = page;
  const wake = () => connection.wake();
  window.addEventListener("online", wake);
  window.addEventListener("offline", wake);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      wake();
    }
  });
  window.addEventListener("pagehide", () => connection.stop());
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) {
      connection.start();
    }
  });
}
