/** Moments as people read them, in their own language and time zone. */

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/**
 * "14:03"; with its day when it was not today.
 *
 * @param {number} at in milliseconds.
 */
export function clock(at) {
  const moment = new Date(at);
  const today = moment.toDateString() === new Date().toDateString();
  return (today ? TIME : DAY_AND_TIME).format(moment);
}
