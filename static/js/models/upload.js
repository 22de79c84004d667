/** What can be said of a file before it is sent. */

const UNITS = ["bytes", "KB", "MB", "GB"];

/**
 * "25 MB"
 *
 * @param {number} bytes
 */
export function bytesText(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? Math.round(value * 10) / 10 : Math.round(value)} ${UNITS[power]}`;
}

/**
 * Why a file of this size cannot be sent, or null when it can.
 *
 * @param {{name: string, size: number}} file
 * @param {number} limit in bytes; 0 or NaN for none.
 */
export function sizeProblem({ name, size }, limit) {
  if (size === 0) {
    return "The file is empty. Choose one that has something in it.";
  }
  if (limit && size > limit) {
    return `${name} has ${bytesText(size)}. At most ${bytesText(limit)} are taken.`;
  }
  return null;
}
