/**
 * Where this page stands in a stream: it has handled every event up to `seq` of the stream's life `epoch`.
 *
 * @typedef {{epoch: string, seq: number}} Cursor
 */

/**
 * What an event is to a page that stands at `cursor`: the "next" one, one already "seen", or one after a
 * "gap". A page that stands nowhere yet (null) has a gap before any event.
 *
 * @param {Cursor | null} cursor
 * @param {number} seq
 * @returns {"next" | "seen" | "gap"}
 */
export function judge(cursor, seq) {
  if (cursor === null || seq > cursor.seq + 1) {
    return "gap";
  }
  return seq === cursor.seq + 1 ? "next" : "seen";
}

/**
 * The cursor that a page's data attributes tell, or null when they tell none.
 *
 * @param {string | undefined} epoch
 * @param {string | undefined} seq
 * @returns {Cursor | null}
 */
export function cursorFrom(epoch, seq) {
  const number = Number.parseInt(seq ?? "", 10);
  return epoch && Number.isSafeInteger(number) && number >= 0 ? { epoch, seq: number } : null;
}
