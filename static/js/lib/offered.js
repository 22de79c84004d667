/**
 * What a person offers by dropping or pasting.
 *
 * @typedef {{file?: File, problem?: string}} Offer a file, or a sentence that says why there is none.
 */

const PASTED = "pasted.txt";

/** Whether a drag carries files, and not a text or a link of the page. */
export function carriesFiles({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ?? false;
}

/** @returns {Offer} what was dropped. */
export function dropped({ dataTransfer }) {
  const isFolder = dataTransfer.items[0]?.webkitGetAsEntry?.()?.isDirectory;
  return isFolder ? { problem: "That is a folder. Drop the file itself." } : oneOf(dataTransfer.files);
}

/**
 * What was pasted outside of a field; null when it is nothing to send.
 *
 * @param {ClipboardEvent} event
 * @param {boolean} textToo whether a text counts, which then becomes a file.
 * @returns {Offer | null}
 */
export function pasted({ clipboardData, target }, textToo) {
  if (target.closest?.("input, textarea, select, [contenteditable]")) {
    return null;
  }
  if (clipboardData.files.length) {
    return oneOf(clipboardData.files);
  }
  const text = textToo ? clipboardData.getData("text/plain") : "";
  return text.trim() ? { file: new File([text], PASTED, { type: "text/plain" }) } : null;
}

function oneOf(files) {
  return files.length === 1 ? { file: files[0] } : { problem: "One file at a time, please." };
}
