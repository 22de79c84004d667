/**
 * What is being written at the moment, from the pieces that come of it. Pieces are signals: one may be
 * lost, and a page that was opened in the middle has missed those before.
 *
 * @typedef {object} Draft
 * @property {string} text what is known of it without a gap, up to its end.
 * @property {number} end how many characters (code points) were written so far.
 * @property {boolean} whole whether the text is known from its beginning.
 */

/** @type {Draft} */
export const NOTHING = Object.freeze({ text: "", end: 0, whole: true });

/** Where the words of a JSON text begin whose first part is missing: behind the next `": "`. */
const NEXT_VALUE = /"\s*:\s*/;
const ESCAPES = { n: "\n", t: " ", r: "", b: "", f: "" };

/**
 * The draft after a piece came.
 *
 * @param {Draft} draft
 * @param {number} offset where the piece begins, in characters; 0 begins a new text.
 * @param {string} text
 * @returns {Draft} the same object when the piece brings nothing new.
 */
export function withPiece(draft, offset, text) {
  const characters = [...text];
  const end = offset + characters.length;
  if (offset === 0 || offset > draft.end) {
    return { text, end, whole: offset === 0 };
  }
  const fresh = characters.slice(draft.end - offset).join("");
  return fresh ? { ...draft, text: draft.text + fresh, end } : draft;
}

/**
 * The draft as people read it: of JSON the texts in it, a line each, and of anything else the whole.
 *
 * @param {Draft} draft
 * @returns {string}
 */
export function readable({ text, whole }) {
  const bare = text.trimStart().replace(/^```\w*\n?/, "").trimStart();
  if (whole) {
    return /^[{[]/.test(bare) ? values(bare).join("\n") : bare;
  }
  const next = NEXT_VALUE.exec(text);
  const known = next ? values(text.slice(next.index + next[0].length)).join("\n") : text;
  return known && `… ${known}`;
}

/** The strings in a JSON text that may end anywhere, without the names of fields and what has no space. */
function values(json) {
  const strings = json.matchAll(/"((?:[^"\\]|\\.)*)("\s*:|"|\\?$)/gsu);
  return [...strings]
    .filter(([, body, end]) => !end.endsWith(":") && body.includes(" "))
    .map(([, body]) => unescaped(body));
}

function unescaped(body) {
  return body.replace(/\\(u[\da-fA-F]{4}|u.*$|.)/gs, (_, escape) => {
    const isCode = escape[0] === "u" && escape.length === 5;
    return isCode ? String.fromCharCode(parseInt(escape.slice(1), 16)) : (ESCAPES[escape] ?? plain(escape));
  });
}

/** A character that stands for itself; nothing of a code that has not come whole. */
function plain(escape) {
  return escape[0] === "u" ? "" : escape;
}
