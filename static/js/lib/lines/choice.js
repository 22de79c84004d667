/**
 * The ways by which a page of this browser can reach an exchange, the best first. A page begins with the
 * first, and goes on to the next when nobody answers; the last one always does.
 *
 * A line has `send(word)` and `close()`; it calls `heard(news)`, and `failed()` if it knows that it is of
 * no use. A worker that died is begun anew under its name; one that hangs cannot be, and its spare is.
 *
 * @typedef {(page: {id: string, heard: (news: import("../exchange.js").News) => void, failed: () => void})
 *   => {send: (word: import("../exchange.js").Word) => void, close: () => void}} Line
 */

import { ElectedLine } from "./elected.js";
import { OwnLine } from "./own.js";
import { SharedLine } from "./shared.js";

/**
 * @param {import("../exchange.js").Site} site
 * @param {typeof globalThis} [browser]
 * @returns {Line[]}
 */
export function linesTo(site, browser = globalThis) {
  const name = (spare = 0) => nameOf(site, spare);
  const shared = (spare) => (page) => new SharedLine({ ...page, name: name(spare), browser });
  const elected = (steal) => (page) => new ElectedLine({ ...page, site, name: name(), steal, browser });
  const own = (page) => new OwnLine({ ...page, site });
  const workers = browser.SharedWorker ? [shared(0), shared(0), shared(1)] : [];
  const leaders = browser.navigator.locks && browser.BroadcastChannel ? [elected(false), elected(true)] : [];
  return [...workers, ...leaders, own];
}

/** Pages share what has the same name: those of one person and, as the address tells, of one version. */
function nameOf(site, spare) {
  return JSON.stringify({ site, spare, version: import.meta.url });
}
