/** A line to the exchange in the shared worker, which all pages of this browser have in common. */

const WORKER = new URL("../../worker.js", import.meta.url);

export class SharedLine {
  #worker = null;

  /**
   * @param {object} options
   * @param {string} options.name of the worker.
   * @param {(news: import("../exchange.js").News) => void} options.heard
   * @param {() => void} options.failed
   * @param {{SharedWorker: typeof SharedWorker}} [options.browser]
   */
  constructor({ name, heard, failed, browser = globalThis }) {
    try {
      this.#worker = new browser.SharedWorker(WORKER, { type: "module", name });
    } catch {
      queueMicrotask(failed); // such as where the browser keeps nothing for this site
      return;
    }
    this.#worker.onerror = failed;
    this.#worker.port.onmessage = ({ data }) => heard(data);
  }

  send(word) {
    this.#worker?.port.postMessage(word);
  }

  close() {
    if (this.#worker) {
      this.#worker.onerror = null;
      this.#worker.port.close();
    }
  }
}
