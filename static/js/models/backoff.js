/**
 * Exponential backoff with full jitter, so that clients that were cut off together do not come back
 * together. Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */

export const BASE_MS = 1_000;
export const CAP_MS = 30_000;

/**
 * How long to wait before the next attempt, in milliseconds.
 *
 * @param {number} failures attempts that failed in a row, at least 1.
 * @param {{base?: number, cap?: number, random?: () => number}} options bounds in milliseconds, and the
 *   source of chance in [0, 1).
 */
export function backoff(failures, { base = BASE_MS, cap = CAP_MS, random = Math.random } = {}) {
  const ceiling = Math.min(cap, base * 2 ** Math.min(failures - 1, 30));
  return Math.round(random() * ceiling);
}
