/** Reads a job from the part of the page that the server drew, and draws what is newer into it. */

import { about, left } from "../models/duration.js";
import { fromPage, tokensOut } from "../models/job.js";
import { usd } from "../models/money.js";
import { clamp, percent } from "../models/percent.js";
import { isTerminal, label } from "../models/status.js";
import { clock } from "../lib/clock.js";

/** The text of each data-field; undefined leaves what the server wrote, and data-standing does always. */
const FIELDS = {
  progress: ({ job }) => percent(job.progress),
  percent: ({ job }) => percent(job.progress),
  status: ({ job }) => label(job.status),
  stage: ({ job }) => job.stage || undefined,
  eta: etaText,
  cost: ({ job }) => (job.cost === undefined ? undefined : usd(job.cost)),
  position: ({ job }) => placeText(job, 0),
  ahead: ({ job }) => placeText(job, -1),
  tokens_out: ({ job }) => tokensText(tokensOut(job)),
  since: ({ staleSince }) => (staleSince === null ? "" : `as of ${clock(staleSince)}`),
};

const QUALITY = "quality.";

/**
 * What the page shows of the job.
 *
 * @param {HTMLElement} host with data-job and data-status.
 * @param {Element} [root] where the steps and bars are.
 */
export function read(host, root = host) {
  const steps = [...root.querySelectorAll("[data-step]")];
  const bar = [...root.querySelectorAll("[data-bar]")].find((found) => !found.closest("[data-step]"));
  return fromPage({
    id: host.dataset.job,
    status: host.dataset.status,
    progress: bar ? number(bar.getAttribute("aria-valuenow")) / scale(bar) : 0,
    steps: Object.fromEntries(steps.map((step) => [step.dataset.step, readStep(step)])),
    estimate: readEstimate(root),
  });
}

/**
 * Draws the job into its place on the page.
 *
 * @param {HTMLElement} host
 * @param {{job: import("../models/job.js").Job, now: number, staleSince: number | null}} view
 *   `staleSince`: the moment from which news may be missing; null while none is.
 */
export function draw(host, view) {
  set(host, "data-status", view.job.status);
  set(host, "data-stale", view.staleSince === null ? null : "true");
  const { job } = view;
  for (const element of host.querySelectorAll("[data-field]:not([data-standing])")) {
    write(element, textOf(element.dataset.field, view));
  }
  for (const element of host.querySelectorAll("[data-step]")) {
    drawStep(element, job.steps[element.dataset.step]);
  }
  for (const time of host.querySelectorAll("time[data-at]")) {
    write(time, clock(Date.parse(time.dateTime)));
  }
  for (const bar of host.querySelectorAll("[data-bar]")) {
    drawBar(bar, fractionOf(bar, job));
  }
}

/**
 * Sets a bar, be it a progress element or one with role=progressbar.
 *
 * @param {HTMLElement} bar
 * @param {number} fraction 0..1
 */
export function drawBar(bar, fraction) {
  const value = clamp(fraction);
  if (bar instanceof HTMLProgressElement) {
    bar.value = value * bar.max;
  }
  set(bar, "aria-valuenow", String(Math.round(value * scale(bar) * 100) / 100));
  bar.style.setProperty("--value", String(value));
}

/** What the server thinks is left, which it thought just now. */
function readEstimate(root) {
  const seconds = root.querySelector('[data-field="eta"]')?.dataset.seconds;
  return seconds ? { seconds: number(seconds), at: Date.now() } : undefined;
}

function readStep({ dataset }) {
  return { status: dataset.status, progress: number(dataset.progress) };
}

function drawStep(element, step) {
  if (step?.status) {
    set(element, "data-status", step.status);
    set(element, "data-progress", String(step.progress));
  }
}

function fractionOf(bar, job) {
  const step = bar.closest("[data-step]");
  return step === null ? job.progress : (job.steps[step.dataset.step]?.progress ?? readStep(step).progress);
}

function textOf(field, view) {
  if (field.startsWith(QUALITY)) {
    return qualityText(view.job.quality[field.slice(QUALITY.length)]);
  }
  return FIELDS[field]?.(view);
}

function qualityText(value) {
  if (typeof value === "number") {
    return value >= 0 && value <= 1 ? percent(value) : value.toLocaleString();
  }
  return typeof value === "string" ? value : undefined;
}

/** Counts down while news come; afterwards it stands, and `since` says from when it is. */
function etaText({ job, now, staleSince }) {
  if (isTerminal(job.status)) {
    return "";
  }
  if (!job.estimate) {
    return undefined;
  }
  const { most, at } = job.estimate;
  const then = staleSince ?? now;
  return about(left(job.estimate, then), most === undefined ? undefined : left({ seconds: most, at }, then));
}

/** Nothing for none: without an AI service no tokens are written. */
function tokensText(tokens) {
  return tokens === 0 ? "" : tokens?.toLocaleString();
}

function placeText({ position }, difference) {
  if (position === undefined) {
    return undefined;
  }
  return position === null ? "" : String(position + difference);
}

function write(element, text) {
  if (typeof text === "string" && element.textContent !== text) {
    element.textContent = text;
  }
}

/** Sets the attribute, or removes it where `value` is null; touches nothing that is so already. */
function set(element, attribute, value) {
  if (element.getAttribute(attribute) === value) {
    return;
  }
  if (value === null) {
    element.removeAttribute(attribute);
  } else {
    element.setAttribute(attribute, value);
  }
}

function scale(bar) {
  return number(bar.getAttribute("aria-valuemax")) || number(bar.getAttribute("max")) || 1;
}

function number(text) {
  return Number(text) || 0;
}
