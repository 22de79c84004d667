/**
 * Fetches a part of the page from the server, at most one request at a time: what is asked for meanwhile
 * is asked for once more after the answer, so an older answer never replaces a newer one.
 */

import { backoff } from "../models/backoff.js";

export const GATHER_MS = 80;
const TIMEOUT_MS = 10_000;

export class Partial {
  #url;
  #accept;
  #timer;
  #abort = null;
  #again = false;
  #failures = 0;

  /**
   * @param {string} url
   * @param {(body: HTMLElement, news: {outdated: boolean}) => void} accept takes the parsed fragment;
   *   `outdated` says that it was asked for again since, so that a newer one comes soon.
   */
  constructor(url, accept) {
    this.#url = url;
    this.#accept = accept;
  }

  /** Fetches soon; requests close together become one. */
  request() {
    if (this.#abort) {
      this.#again = true;
    } else {
      this.#timer ??= setTimeout(() => this.#load(), GATHER_MS);
    }
  }

  /** Stops; an answer that is under way is not taken. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#abort?.abort();
    this.#abort = null;
    this.#again = false;
  }

  async #load() {
    this.#timer = undefined;
    const abort = (this.#abort = new AbortController());
    const body = await fragment(this.#url, abort.signal);
    if (abort.signal.aborted) {
      return;
    }
    this.#abort = null;
    if (body) {
      this.#failures = 0;
      this.#accept(body, { outdated: this.#again });
    }
    this.#goOn(body !== null);
  }

  /** Asks again: at once if it was asked to, later after a failure. */
  #goOn(loaded) {
    const again = this.#again;
    this.#again = false;
    if (!loaded) {
      this.#failures += 1;
      this.#timer = setTimeout(() => this.#load(), backoff(this.#failures));
    } else if (again) {
      this.request();
    }
  }
}

/**
 * The fragment at `url` as an element that holds it: undefined when there is none for this person (any
 * more), null when it could not be had and may be later.
 */
async function fragment(url, signal) {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      headers: { Accept: "text/html" },
      cache: "no-store",
      redirect: "manual",
    });
    if (response.ok) {
      return new DOMParser().parseFromString(await response.text(), "text/html").body;
    }
    return response.status >= 500 || response.status === 429 ? null : undefined;
  } catch {
    return null; // no network, or no answer in time
  }
}
