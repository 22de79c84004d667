/**
 * A job as this page knows it, from the page itself, from events and from signals.
 *
 * Events come in order and are the truth. Signals come past them, early or late, so they may only move
 * things forward: progress never goes backwards within an attempt, and nothing late touches what has
 * ended. A value that the page does not know is undefined, and is then left as the server drew it.
 *
 * @typedef {object} Step
 * @property {string} status
 * @property {number} attempts
 * @property {number} progress 0..1
 * @property {number | undefined} tokensOut
 *
 * @typedef {object} Job
 * @property {string} id
 * @property {string} status
 * @property {number} progress 0..1
 * @property {string | undefined} stage
 * @property {Record<string, Step>} steps by name
 * @property {number | null | undefined} position from 1, null when the job does not wait
 * @property {{seconds: number, most?: number, at: number} | null | undefined} estimate time until it is done,
 *   and within which it is done most likely, where that is much more
 * @property {string | null | undefined} cost in USD, null when not known
 * @property {Record<string, unknown>} quality
 */

import { isTerminal } from "./status.js";

const UNKNOWN_STEP = Object.freeze({ status: undefined, attempts: 0, progress: 0, tokensOut: undefined });

/**
 * The job as far as the page that the server drew tells it.
 *
 * @param {object} drawn
 * @param {string} drawn.id
 * @param {string} drawn.status
 * @param {number} [drawn.progress] 0..1
 * @param {Record<string, Partial<Step>>} [drawn.steps]
 * @param {{seconds: number, at: number}} [drawn.estimate]
 * @returns {Job}
 */
export function fromPage({ id, status, progress = 0, steps = {}, estimate }) {
  const known = Object.entries(steps).map(([name, step]) => [name, { ...UNKNOWN_STEP, ...step }]);
  return { id, status, progress, steps: Object.fromEntries(known), estimate, quality: {} };
}

/**
 * The job after the server drew it anew.
 *
 * @param {Job} job
 * @param {Job} drawn
 * @returns {Job}
 */
export function withPage(job, drawn) {
  const renewed = isRenewed(job, drawn.status);
  const steps = mapValues(drawn.steps, (step, name) => {
    const known = job.steps[name] ?? UNKNOWN_STEP;
    return { ...known, status: step.status, progress: renewed ? step.progress : furthest(known, step) };
  });
  const progress = renewed ? drawn.progress : Math.max(job.progress, drawn.progress);
  const estimate = drawn.estimate ?? job.estimate;
  return settled({ ...job, status: drawn.status, progress, steps, estimate });
}

/**
 * The job after an event or a snapshot told all of it.
 *
 * @param {Job} job
 * @param {object} told the job object of the API.
 * @param {number} at when it arrived, in milliseconds.
 * @returns {Job}
 */
export function withJob(job, told, at) {
  const renewed = isRenewed(job, told.status);
  return settled({
    id: job.id,
    status: told.status,
    progress: renewed ? told.progress : Math.max(job.progress, told.progress),
    stage: told.stage,
    steps: Object.fromEntries(
      told.steps.map((step) => [step.name, withStep(job.steps[step.name], step, renewed)]),
    ),
    position: told.queue?.position ?? null,
    estimate: told.queue ? estimated(told.queue, at) : job.estimate,
    cost: told.cost_usd,
    quality: { ...job.quality, ...told.quality },
  });
}

const SIGNALS = { "job.progress": withProgress, "queue.position": withPosition };

/**
 * The job after a signal about it; the same object when the signal is late or says nothing of use.
 *
 * @param {Job} job
 * @param {string} name
 * @param {object} data
 * @param {number} at when it arrived, in milliseconds.
 * @returns {Job}
 */
export function withSignal(job, name, data, at) {
  return isTerminal(job.status) || !(name in SIGNALS) ? job : SIGNALS[name](job, data, at);
}

/** Tokens that the job's steps wrote so far, or undefined when none has told. */
export function tokensOut(job) {
  const told = Object.values(job.steps).map((step) => step.tokensOut).filter(Number.isFinite);
  return told.length ? told.reduce((sum, tokens) => sum + tokens, 0) : undefined;
}

function withProgress(job, data, at) {
  const known = job.steps[data.step] ?? UNKNOWN_STEP;
  const attempt = data.attempt ?? known.attempts;
  if (isLate(known, attempt)) {
    return job;
  }
  const again = attempt > known.attempts && known.attempts > 0;
  const progress = data.step_progress ?? 0;
  const step = {
    status: "processing",
    attempts: attempt,
    progress: again ? progress : Math.max(known.progress, progress),
    tokensOut: again ? data.tokens_out : atLeast(known.tokensOut, data.tokens_out),
  };
  return {
    ...job,
    status: "processing",
    progress: Math.max(job.progress, data.progress ?? 0),
    stage: data.stage ?? job.stage,
    steps: { ...job.steps, [data.step]: step },
    position: null,
    estimate: Number.isFinite(data.eta_seconds) ? estimated(data, at) : job.estimate,
    cost: data.cost_usd === undefined ? job.cost : data.cost_usd,
    quality: { ...job.quality, ...data.quality },
  };
}

function withPosition(job, data, at) {
  if (job.status === "processing") {
    return job;
  }
  return { ...job, position: data.position, estimate: estimated(data, at) };
}

/** The time until it is done as it was told; with `most` only while it is uncertain. */
function estimated({ eta_seconds: seconds, eta_range_seconds: range }, at) {
  return range ? { seconds, most: range[1], at } : { seconds, at };
}

function withStep(known = UNKNOWN_STEP, told, renewed) {
  const overtaken = !renewed && known.attempts > told.attempts;
  return {
    status: overtaken ? known.status : told.status,
    attempts: Math.max(known.attempts, told.attempts),
    progress: overtaken ? known.progress : stepProgress(known, told, renewed),
    tokensOut: overtaken ? known.tokensOut : told.tokens_out,
  };
}

function stepProgress(known, told, renewed) {
  const same = !renewed && known.attempts === told.attempts && told.status === "processing";
  return same ? Math.max(known.progress, told.progress) : told.progress;
}

/** A signal of an attempt that has ended, or of one that a later attempt has replaced. */
function isLate(known, attempt) {
  const running = known.status === undefined || known.status === "processing";
  return attempt < known.attempts || (attempt === known.attempts && !running) || isTerminal(known.status);
}

function isRenewed(job, status) {
  return isTerminal(job.status) && !isTerminal(status);
}

function settled(job) {
  return isTerminal(job.status) ? { ...job, position: null, estimate: null } : job;
}

function furthest(known, step) {
  return known.status === step.status ? Math.max(known.progress, step.progress) : step.progress;
}

function atLeast(known, told) {
  return Number.isFinite(told) ? Math.max(known ?? 0, told) : known;
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
