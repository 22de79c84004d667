/** Durations in words for people, rounded as far as an estimate deserves. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Below so many seconds a range says nothing that people want to know. */
const SHORT = 8;

/**
 * "about 2 min", or while it is uncertain "3 to 8 min".
 *
 * @param {number} seconds
 * @param {number} [most] what it takes at most, where that is much more.
 */
export function about(seconds, most) {
  if (most >= SHORT) {
    return between(rounded(seconds), rounded(most));
  }
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

function between(low, high) {
  if (low.number === high.number && low.unit === high.unit) {
    return `about ${high.number} ${high.unit}`;
  }
  const unit = low.unit === high.unit ? "" : ` ${low.unit}`;
  return `${low.number}${unit} to ${high.number} ${high.unit}`;
}

function rounded(seconds) {
  if (seconds < 55) {
    return { number: Math.max(5, roundUp(seconds, seconds < 25 ? 5 : 10)), unit: "s" };
  }
  if (seconds < HOUR - MINUTE / 2) {
    return { number: wholeMinutes(seconds), unit: "min" };
  }
  return { number: Math.round((seconds / HOUR) * 10) / 10, unit: "h" };
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
