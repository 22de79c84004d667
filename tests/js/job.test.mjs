import assert from "node:assert/strict";
import { test } from "node:test";

import { fromPage, tokensOut, withJob, withPage, withSignal } from "../../static/js/models/job.js";

const AT = 1_000_000;

function told({ status = "processing", progress = 0, steps = [], ...rest } = {}) {
  return { id: "j", status, progress, stage: "", steps, queue: null, cost_usd: "0", quality: {}, ...rest };
}

function step({ name = "parse", status = "processing", attempts = 1, progress = 0, tokens_out = 0 } = {}) {
  return { name, status, attempts, progress, tokens_out };
}

function processing(progress = 0.4, attempts = 1) {
  const job = told({ progress, steps: [step({ progress, attempts })] });
  return withJob(fromPage({ id: "j", status: "queued" }), job, AT);
}

function progressed(job, data) {
  return withSignal(job, "job.progress", { job: "j", step: "parse", attempt: 1, ...data }, AT);
}

test("it moves forward with a signal", () => {
  const job = progressed(processing(), {
    progress: 0.5,
    step_progress: 0.7,
    stage: "Reading",
    cost_usd: "0.01",
    eta_seconds: 20,
    tokens_out: 9,
    quality: { coverage: 0.8 },
  });
  assert.equal(job.progress, 0.5);
  assert.equal(job.steps.parse.progress, 0.7);
  assert.equal(job.stage, "Reading");
  assert.equal(job.cost, "0.01");
  assert.deepEqual(job.estimate, { seconds: 20, at: AT });
  assert.deepEqual(job.quality, { coverage: 0.8 });
  assert.equal(tokensOut(job), 9);
});

test("it never moves backwards within an attempt", () => {
  const job = progressed(processing(0.4), { progress: 0.1, step_progress: 0.2 });
  assert.equal(job.progress, 0.4);
  assert.equal(job.steps.parse.progress, 0.4);
});

test("it never moves backwards by an event that is older than a signal", () => {
  const ahead = progressed(processing(0.4), { progress: 0.6, step_progress: 0.7 });
  const job = withJob(ahead, told({ progress: 0.5, steps: [step({ progress: 0.5 })] }), AT);
  assert.equal(job.progress, 0.6);
  assert.equal(job.steps.parse.progress, 0.7);
});

test("it begins a step anew with its next attempt", () => {
  const job = progressed(processing(0.4), { attempt: 2, progress: 0.4, step_progress: 0.05, tokens_out: 1 });
  assert.equal(job.steps.parse.progress, 0.05);
  assert.equal(job.steps.parse.attempts, 2);
  assert.equal(job.progress, 0.4);
  assert.equal(tokensOut(job), 1);
});

test("it ignores a signal of an attempt that was replaced", () => {
  const job = processing(0.4, 2);
  assert.equal(progressed(job, { attempt: 1, progress: 0.9, step_progress: 0.9 }), job);
});

test("it keeps what a new attempt told when an event from before it comes late", () => {
  const ahead = progressed(processing(0.4), { attempt: 2, step_progress: 0.05 });
  const before = step({ status: "retrying", progress: 0.4 });
  const late = withJob(ahead, told({ status: "retrying", steps: [before] }), AT);
  assert.equal(late.steps.parse.status, "processing");
  assert.equal(late.steps.parse.progress, 0.05);
});

test("it ignores a signal of a step that has ended", () => {
  const job = withJob(processing(), told({ steps: [step({ status: "completed", progress: 1 })] }), AT);
  assert.equal(progressed(job, { step_progress: 0.9 }), job);
  const retrying = withJob(processing(), told({ steps: [step({ status: "retrying" })] }), AT);
  assert.equal(progressed(retrying, { step_progress: 0.9 }), retrying);
});

for (const status of ["completed", "failed", "cancelled"]) {
  test(`it lets ${status} win over late signals`, () => {
    const job = withJob(processing(), told({ status, progress: 1 }), AT);
    assert.equal(progressed(job, { progress: 0.5 }), job);
    assert.equal(withSignal(job, "queue.position", { job: "j", position: 1, eta_seconds: 5 }, AT), job);
    assert.equal(job.estimate, null);
    assert.equal(job.position, null);
  });
}

test("it goes back with a requeue, and only then", () => {
  const failed = withJob(processing(0.8), told({ status: "failed", progress: 0.8 }), AT);
  const requeued = told({ status: "queued", progress: 0.3, steps: [step({ status: "queued" })] });
  const again = withJob(failed, requeued, AT);
  assert.equal(again.status, "queued");
  assert.equal(again.progress, 0.3);
  assert.equal(again.steps.parse.progress, 0);
});

test("it follows its place in the queue while it waits", () => {
  const queue = { position: 4, ahead: 3, eta_seconds: 60 };
  const waiting = withJob(fromPage({ id: "j", status: "pending" }), told({ status: "queued", queue }), AT);
  assert.equal(waiting.position, 4);
  const next = withSignal(waiting, "queue.position", { job: "j", position: 2, eta_seconds: 30 }, AT + 1);
  assert.equal(next.position, 2);
  assert.deepEqual(next.estimate, { seconds: 30, at: AT + 1 });
});

test("it has no place in the queue once it runs", () => {
  const job = processing();
  assert.equal(job.position, null);
  assert.equal(withSignal(job, "queue.position", { job: "j", position: 2, eta_seconds: 30 }, AT), job);
});

test("it starts from what the server drew, and leaves the rest to it", () => {
  const steps = { parse: { status: "completed" } };
  const job = fromPage({ id: "j", status: "processing", progress: 0.5, steps });
  assert.equal(job.cost, undefined);
  assert.equal(job.position, undefined);
  assert.equal(tokensOut(job), undefined);
  assert.equal(progressed(job, { step_progress: 0.5 }), job, "the step is over");
});

test("it takes a fresh drawing, but not a step back", () => {
  const ahead = progressed(processing(0.4), { progress: 0.6, step_progress: 0.7, cost_usd: "0.5" });
  const drawn = fromPage({
    id: "j",
    status: "processing",
    progress: 0.5,
    steps: { parse: { status: "processing", progress: 0.5 }, report: { status: "pending" } },
  });
  const job = withPage(ahead, drawn);
  assert.equal(job.progress, 0.6);
  assert.equal(job.steps.parse.progress, 0.7);
  assert.equal(job.steps.report.status, "pending");
  assert.equal(job.cost, "0.5");
});

test("it leaves signals that it does not know alone", () => {
  const job = processing();
  assert.equal(withSignal(job, "job.text", { job: "j" }, AT), job);
});

test("it never moves backwards, whatever the order of news", () => {
  const chance = mulberry(20_261_123);
  for (let round = 0; round < 200; round += 1) {
    assertMonotone(scrambledNews(chance));
  }
});

/** Plays news and asserts that each step's attempts never fall, nor its progress within one of them. */
function assertMonotone(news) {
  let job = fromPage({ id: "j", status: "queued" });
  for (const item of news) {
    const before = job;
    job = item.signal ? withSignal(job, "job.progress", item.signal, AT) : withJob(job, item.job, AT);
    assert.ok(job.progress >= before.progress);
    const [was, is] = [before.steps.parse, job.steps.parse];
    const onward = is.attempts === was?.attempts && is.progress >= was.progress;
    assert.ok(!was || is.attempts > was.attempts || onward);
  }
}

/** Three attempts' events in order, with each one's signals at any place after the attempt's first. */
function scrambledNews(chance) {
  const news = [];
  for (const attempts of [1, 2, 3]) {
    news.push({ order: attempts, job: told({ steps: [step({ attempts })] }) });
    for (const part of [0.2, 0.5, 0.8]) {
      const how = { attempt: attempts, progress: part * 0.9, step_progress: part };
      const signal = { job: "j", step: "parse", ...how };
      news.push({ order: attempts - 0.5 + chance() * 3, signal });
    }
  }
  return news.sort((one, other) => one.order - other.order);
}

/** A seeded source of chance (mulberry32, T. Ettinger, public domain). */
function mulberry(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test("it keeps the range of an uncertain estimate", () => {
  const range = { eta_seconds: 20, eta_range_seconds: [20, 90] };
  assert.deepEqual(progressed(processing(), range).estimate, { seconds: 20, most: 90, at: AT });
  const waiting = fromPage({ id: "j", status: "queued" });
  const told = withSignal(waiting, "queue.position", { job: "j", position: 2, ...range }, AT);
  assert.deepEqual([told.position, told.estimate.most], [2, 90]);
});
