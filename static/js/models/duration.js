/** Durations in words for people, rounded as far as an estimate deserves. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/**
 * "about 2 min"
 *
 * @param {number} seconds
 */
export function about(seconds) {
  if (seconds < 1) {
    return "any moment now";
  }
  if (seconds < 8) {
    return "a few seconds";
  }
  if (seconds < 55) {
    return `about ${roundUp(seconds, seconds < 25 ? 5 : 10)} s`;
  }
  return seconds < HOUR - MINUTE / 2 ? `about ${wholeMinutes(seconds)} min` : `about ${hours(seconds)}`;
}

/**
 * What is left of an estimate that was right at `at`.
 *
 * @param {{seconds: number, at: number}} estimate `at` in milliseconds of this machine's clock.
 * @param {number} now in milliseconds of the same clock.
 * @returns {number} seconds, never below zero.
 */
export function left(estimate, now) {
  return Math.max(0, estimate.seconds - Math.max(0, now - estimate.at) / 1_000);
}

function roundUp(value, unit) {
  return Math.ceil(value / unit) * unit;
}

function wholeMinutes(seconds) {
  return Math.max(1, Math.round(seconds / MINUTE));
}

function hours(seconds) {
  const minutes = roundTo(seconds / MINUTE, seconds < 3 * HOUR ? 5 : 30);
  const whole = Math.floor(minutes / 60);
  return minutes % 60 ? `${whole} h ${minutes % 60} min` : `${whole} h`;
}

function roundTo(value, unit) {
  return Math.round(value / unit) * unit;
}
