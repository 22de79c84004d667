import assert from "node:assert/strict";
import { test } from "node:test";

import { INITIAL, after, describe, isSame, isStale, onPage } from "../../static/js/models/connection.js";

const clock = (at) => `T${at}`;

function played(...news) {
  const whole = news.map((item) => (typeof item === "string" ? { type: item } : item));
  return whole.reduce(after, INITIAL);
}

const lost = (at) => ({ type: "lost", at });

test("it is fresh on the first connection, as the page was just drawn", () => {
  assert.equal(isStale(played("started")), false);
  assert.equal(isStale(played("started", "welcome")), false);
  assert.equal(played("started", "welcome", "caught-up").name, "live");
});

test("it is stale from the first loss until it has caught up", () => {
  const gone = played("started", "welcome", "caught-up", lost(5));
  assert.deepEqual([gone.name, gone.since], ["connecting", 5]);
  const back = after(gone, { type: "welcome" });
  assert.deepEqual([back.name, back.since], ["catching-up", 5]);
  const whole = after(back, { type: "caught-up" });
  assert.deepEqual([whole.name, whole.since], ["live", null]);
});

test("it is offline after the second loss, since the first", () => {
  const state = played("started", "welcome", "caught-up", lost(5), lost(9));
  assert.deepEqual([state.name, state.since], ["offline", 5]);
});

test("it counts a welcome that brought nothing as no way back", () => {
  assert.equal(played("started", lost(1), "welcome", lost(2)).name, "offline");
});

test("it is stale while it is behind, and fresh again after", () => {
  const behind = played("started", "welcome", "caught-up", { type: "behind", at: 7 });
  assert.deepEqual([behind.name, behind.since], ["catching-up", 7]);
  assert.equal(isStale(after(behind, { type: "caught-up" })), false);
});

test("it is fresh while it polls, whatever the socket does", () => {
  const polling = played("started", lost(1), lost(2), "polled");
  assert.deepEqual([polling.name, isStale(polling)], ["polling", false]);
  assert.equal(after(polling, lost(3)), polling);
});

test("it is offline when polling fails too", () => {
  const state = played("started", lost(1), "polled", { type: "poll-lost", at: 8 });
  assert.deepEqual([state.name, state.since], ["offline", 8]);
  assert.equal(after(state, { type: "poll-lost", at: 9 }), state);
});

test("it does not change when nothing did", () => {
  const live = played("started", "welcome", "caught-up");
  assert.equal(after(live, { type: "caught-up" }), live);
});

test("it stays signed out until it is started anew", () => {
  const refused = played("started", { type: "refused", at: 4, message: "Nobody is signed in here." });
  assert.deepEqual([refused.name, refused.since], ["signed-out", 4]);
  assert.equal(after(refused, { type: "welcome" }), refused);
  assert.equal(after(refused, { type: "started" }).name, "connecting");
});

test("it stays stale when the page comes back from the browser's cache", () => {
  const back = played("started", "polled", { type: "left", at: 3 }, "started");
  assert.deepEqual([back.name, back.since], ["connecting", 3]);
});

test("it is as the connection is for a page that lacks nothing", () => {
  const page = { drawn: 3, lacksSince: null };
  const live = played("caught-up");
  assert.equal(onPage(live, page), live);
  const gone = played("caught-up", lost(5));
  assert.equal(onPage(gone, page), gone);
});

test("it is catching up for a page that lacks what others have, and else as the connection is", () => {
  const page = { drawn: 3, lacksSince: 4 };
  const seen = [played("caught-up"), played("polled"), played("started", lost(9), lost(9))];
  const told = seen.map((state) => onPage(state, page)).map(({ name, since }) => [name, since]);
  assert.deepEqual(told, [["catching-up", 4], ["catching-up", 4], ["offline", 4]]);
});

test("it has no trouble on a page that was drawn since, unless the trouble stays", () => {
  const page = { drawn: 20, lacksSince: null };
  const short = played("caught-up", lost(5));
  assert.equal(onPage(short, page).since, null);
  assert.equal(onPage(after(short, lost(6)), page).since, 20);
});

test("it is the same when it says the same", () => {
  const state = played("started", lost(5));
  assert.ok(isSame(state, { ...state, losses: 7 }));
  assert.ok(!isSame(state, { ...state, since: 6 }));
  assert.ok(!isSame(state, null));
});

test("it says each state in words, and since when", () => {
  assert.equal(describe(played("started"), clock), "Connecting…");
  assert.equal(describe(played("started", lost(5)), clock), "Reconnecting…");
  const offline = played("started", lost(5), lost(6));
  assert.equal(describe(offline, clock), "Offline since T5. Reconnecting by itself.");
  assert.equal(describe(played("welcome"), clock), "Catching up…");
  assert.equal(describe(played("caught-up"), clock), "Live");
  assert.equal(describe(played("polled"), clock), "Live, with a short delay");
  const refused = played({ type: "refused", at: 4, message: "" });
  assert.equal(describe(refused, clock), "No news since T4. You are signed out. Sign in again.");
});
