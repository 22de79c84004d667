import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { follow } from "../../static/js/lib/wake.js";

let window;
let document;
let did;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval", "Date"], now: 1_000_000 });
  window = new EventTarget();
  document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  did = [];
  const note = (name) => () => did.push(name);
  follow({ wake: note("wake"), start: note("start"), stop: note("stop") }, { window, document });
});

test("it wakes when the network comes or goes, and when the page goes on or comes to the front", () => {
  window.dispatchEvent(new Event("online"));
  window.dispatchEvent(new Event("offline"));
  document.dispatchEvent(new Event("resume"));
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(did, ["wake", "wake", "wake", "wake"]);
});

test("it lets a page be that goes to the back", () => {
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(did, []);
});

test("it wakes once after the machine has slept, and not while time passes as it should", () => {
  for (let stroke = 0; stroke < 30; stroke += 1) {
    mock.timers.tick(2_000);
  }
  assert.deepEqual(did, []);
  mock.timers.setTime(Date.now() + 3_600_000);
  mock.timers.tick(2_000);
  for (let stroke = 0; stroke < 30; stroke += 1) {
    mock.timers.tick(2_000);
  }
  assert.deepEqual(did, ["wake"]);
});

test("it stops when the page is left, and goes on when it comes back from the browser's cache", () => {
  window.dispatchEvent(new Event("pagehide"));
  window.dispatchEvent(new Event("pageshow"));
  window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  assert.deepEqual(did, ["stop", "start"]);
});
