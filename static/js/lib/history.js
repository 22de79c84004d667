/** The events of a stream after a place, over plain HTTP: the socket's own frames. */

/** With these the server says that asking again is of no use. */
const REFUSALS = new Set([401, 403, 404]);
const GRACE_MS = 15_000;

/**
 * @typedef {object} Answer
 * @property {object | null} page what the server said; null when it said nothing of use.
 * @property {boolean} refused whether asking again is of no use.
 * @property {number} retryAfter the milliseconds for which the server wants to be left alone, else 0.
 */

/**
 * Asks once. Never rejects.
 *
 * @param {object} options
 * @param {string} options.url of the stream's events.
 * @param {import("../models/cursor.js").Cursor | null} options.cursor
 * @param {number} options.wait the seconds that the server may wait for the first event.
 * @param {AbortSignal} options.signal
 * @param {typeof fetch} options.fetch
 * @returns {Promise<Answer>}
 */
export async function ask({ url, cursor, wait, signal, fetch }) {
  const { epoch = "", seq = 0 } = cursor ?? {};
  const request = {
    signal: AbortSignal.any([signal, AbortSignal.timeout(wait * 1_000 + GRACE_MS)]),
    headers: { Accept: "application/json" },
    cache: "no-store",
  };
  try {
    const response = await fetch(`${url}?${new URLSearchParams({ epoch, since: seq, wait })}`, request);
    const page = response.ok ? await response.json() : null;
    const retryAfter = Number(response.headers?.get("Retry-After")) * 1_000 || 0;
    return { page, refused: REFUSALS.has(response.status), retryAfter };
  } catch {
    return { page: null, refused: false, retryAfter: 0 }; // no network, too late, or not JSON
  }
}

/**
 * Hands what the server said to the inbox.
 *
 * @param {import("./inbox.js").Inbox} inbox
 * @param {object} page
 * @returns {boolean} whether it brought anything.
 */
export function deliver(inbox, { stream, epoch, seq, snapshot, events = [] }) {
  const cursor = inbox.cursor(stream);
  if (snapshot) {
    inbox.snapshot({ type: "snapshot", stream, epoch, seq, state: snapshot });
    return cursor?.epoch !== epoch || cursor.seq !== seq;
  }
  if (cursor?.epoch !== epoch) {
    return false; // a new life of the stream began since it was asked
  }
  return events.filter((frame) => inbox.event(frame) === "next").length > 0;
}
