/**
 * What a person offers by dropping or pasting.
 *
 * @typedef {{files?: File[], problem?: string}} Offer files, or a sentence that says why there are none.
 */

const PASTED = "pasted.txt";

/** Whether a drag carries files, and not a text or a link of the page. */
export function carriesFiles({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ?? false;
}

/** @returns {Offer} what was dropped. */
export function dropped({ dataTransfer }) {
  const hasFolder = [...dataTransfer.items].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
  return hasFolder ? { problem: "That is a folder. Drop the files in it." } : { files: [...dataTransfer.files] };
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
    return { files: [...clipboardData.files] };
  }
  const text = textToo ? clipboardData.getData("text/plain") : "";
  return text.trim() ? { files: [new File([text], PASTED, { type: "text/plain" })] } : null;
}
