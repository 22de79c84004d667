/**
 * "42%": rounded down, so that 100% means done.
 *
 * @param {number} fraction 0..1
 */
export function percent(fraction) {
  return `${Math.floor(clamp(fraction) * 100 + 1e-9)}%`;
}

/** `fraction`, held between 0 and 1. */
export function clamp(fraction) {
  return Math.min(1, Math.max(0, fraction));
}
