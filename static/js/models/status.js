/**
 * The seven words for the status of a job and of a step, as jobs/states.py has them.
 * A test compares the two tables.
 */

export const LABELS = Object.freeze({
  pending: "Pending",
  queued: "Queued",
  processing: "Processing",
  retrying: "Retrying",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
});

export const TERMINAL = Object.freeze(["completed", "failed", "cancelled"]);

/** Whether nothing more happens by itself to a job or step of this status. */
export function isTerminal(status) {
  return TERMINAL.includes(status);
}

/** The word that people read; the status itself where it is one that this page does not know. */
export function label(status) {
  return LABELS[status] ?? status;
}
