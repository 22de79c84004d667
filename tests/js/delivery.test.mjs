import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { Connection } from "../../static/js/lib/connection.js";
import { Inbox } from "../../static/js/lib/inbox.js";
import { Poll } from "../../static/js/lib/poll.js";
import { FakeServer, STREAM, pass, settle } from "./fakes.mjs";

const POLL_URL = `/api/v1/streams/${STREAM}/events/`;

let server;
let timers;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  timers = mock.timers;
  server = new FakeServer();
});

/** A page that is connected to `server` and keeps all that it is told. */
function page({ cursor = { epoch: "e1", seq: 0 }, random = () => 0.5, ...options } = {}) {
  const told = { event: [], signal: [], snapshot: [] };
  const states = [];
  const places = [];
  const inbox = new Inbox({ [STREAM]: cursor }, (topic, frame) => {
    told[topic].push(frame);
    places.push({ topic, seq: frame.seq });
  });
  const connection = new Connection({
    socketUrl: "ws://here/ws/",
    pollUrl: POLL_URL,
    stream: STREAM,
    inbox,
    publish: (state) => states.push(state),
    WebSocket: server.WebSocket,
    fetch: server.fetch,
    online: () => true,
    random,
    ...options,
  });
  const seqs = () => told.event.map(({ seq }) => seq);
  return { connection, inbox, states, told, places, seqs, state: () => states.at(-1).name };
}

async function live(options) {
  const here = page(options);
  here.connection.start();
  await settle();
  assert.equal(here.state(), "live");
  return here;
}

function sent(type) {
  return server.sockets.flatMap((socket) => socket.sent).filter((frame) => frame.type === type);
}

describe("a socket", () => {
  test("it says hello with where the page stands, and gets what is missing", async () => {
    server.publish();
    server.publish();
    const here = await live({ cursor: { epoch: "e1", seq: 1 } });
    assert.equal(server.sockets[0].protocol, "shipspeak.v1");
    assert.deepEqual(sent("hello"), [{ type: "hello", streams: { [STREAM]: { epoch: "e1", seq: 1 } } }]);
    assert.deepEqual(here.seqs(), [2]);
    assert.deepEqual(here.states.map(({ name }) => name), ["connecting", "catching-up", "live"]);
  });

  test("it takes a snapshot when the page stands nowhere, and goes on from there", async () => {
    server.publish();
    const here = await live({ cursor: null });
    server.publish();
    assert.equal(here.told.snapshot.length, 1);
    assert.deepEqual(here.seqs(), [2]);
    assert.deepEqual(here.inbox.cursor(STREAM), { epoch: "e1", seq: 2 });
  });

  test("it takes a snapshot when the stream began a new life", async () => {
    const here = await live();
    server.publish();
    server.restart();
    server.publish();
    assert.equal(here.told.snapshot.length, 1);
    assert.deepEqual(here.seqs(), [1, 2]);
    assert.equal(here.inbox.cursor(STREAM).epoch, "e1'");
  });

  test("it publishes an event that comes twice once", async () => {
    const here = await live();
    server.line = (frame) => [frame, frame];
    server.publish();
    server.publish();
    assert.deepEqual(here.seqs(), [1, 2]);
  });

  test("it asks for what a gap left out, and publishes all in order", async () => {
    const here = await live();
    server.line = (frame) => (frame.seq === 2 ? [] : [frame]);
    server.publish();
    server.publish();
    server.line = (frame) => [frame];
    server.publish();
    server.publish();
    assert.deepEqual(here.seqs(), [1, 2, 3, 4]);
    assert.deepEqual(sent("subscribe").map(({ since }) => since), [{ epoch: "e1", seq: 1 }]);
    assert.equal(here.state(), "live");
  });

  test("it asks for a snapshot when the same gap stays", async () => {
    const here = await live();
    server.line = (frame) => (frame.seq === 1 ? [] : [frame]);
    server.publish();
    server.publish();
    server.publish();
    assert.deepEqual(sent("subscribe").map(({ since }) => since), [{ epoch: "e1", seq: 0 }, null]);
    assert.equal(here.told.snapshot.length, 1);
    assert.deepEqual(here.inbox.cursor(STREAM), { epoch: "e1", seq: 3 });
  });

  test("it pages by seq when it is told that it lags", async () => {
    const here = await live();
    server.publish();
    server.open[0].subscribed = false;
    server.publish();
    server.open[0].deliver({ type: "lagging", stream: STREAM, seq: 1 });
    assert.deepEqual(here.seqs(), [1, 2]);
    assert.deepEqual(sent("subscribe")[0].since, { epoch: "e1", seq: 1 });
    assert.deepEqual(here.states.slice(-2).map(({ name }) => name), ["catching-up", "live"]);
  });

  test("it acknowledges many events at once, and the rest when it is idle", async () => {
    await live();
    for (let count = 0; count < 120; count += 1) {
      server.publish();
    }
    assert.deepEqual(sent("ack").map(({ seq }) => seq), [50, 100]);
    await pass(timers, 1_000);
    assert.deepEqual(sent("ack").map(({ seq }) => seq), [50, 100, 120]);
  });

  test("it passes signals on without a place in the order", async () => {
    const here = await live();
    server.open[0].deliver({ type: "signal", stream: STREAM, name: "job.progress", data: {} });
    assert.equal(here.told.signal.length, 1);
  });

  test("it says a word when signals bring much, so that they are not held back", async () => {
    await live();
    const before = sent("ping").length;
    const signal = { type: "signal", stream: STREAM, name: "job.text", data: { text: "x".repeat(70_000) } };
    server.open[0].deliver(signal);
    assert.equal(sent("ping").length, before);
    server.open[0].deliver(signal);
    assert.equal(sent("ping").length, before + 1);
  });

  test("it leaves frames alone that it does not know", async () => {
    const here = await live();
    server.open[0].deliver({ type: "of-tomorrow" });
    server.publish();
    assert.deepEqual(here.seqs(), [1]);
  });

  test("it comes back after nonsense", async () => {
    const here = await live();
    server.open[0].onmessage({ data: "<html>" });
    assert.equal(here.state(), "connecting");
    await pass(timers, 1_000);
    assert.equal(here.state(), "live");
  });
});

describe("a connection that is lost", () => {
  for (const code of [1000, 1001, 1006, 1011, 4400, 4408, 4409, 4413, 4429, 4500]) {
    test(`it comes back after ${code}, and misses nothing`, async () => {
      const here = await live();
      server.publish();
      server.cut({ code });
      server.publish();
      await pass(timers, 1_000);
      assert.equal(here.state(), "live");
      assert.deepEqual(here.seqs(), [1, 2]);
    });
  }

  for (const code of [4401, 4403]) {
    test(`it does not come back after ${code}`, async () => {
      const here = await live();
      server.refusal = { code, message: "Nobody is signed in here." };
      server.cut();
      await pass(timers, 120_000, 5_000);
      assert.equal(here.state(), "signed-out");
      assert.equal(here.states.at(-1).message, "Nobody is signed in here.");
      assert.equal(server.sockets.length, 2);
      assert.equal(server.polls.length, 0);
    });
  }

  test("it waits longer after each failure, at most 30 s", async () => {
    const here = page({ random: () => 1 - Number.EPSILON });
    const times = [];
    server.socketsUp = false;
    const count = () => server.sockets.length;
    here.connection.start();
    for (let second = 0; second < 150; second += 1) {
      const before = count();
      await pass(timers, 1_000);
      times.push(...Array(count() - before).fill(second));
    }
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    assert.deepEqual(gaps, [2, 4, 8, 16, 30, 30, 30]);
  });

  test("it begins its backoff anew after a connection that lasted, and only then", async () => {
    const waits = [];
    const here = await live({ random: () => 0.999 });
    const wait = async () => {
      const before = server.sockets.length;
      let waited = 0;
      for (; server.sockets.length === before; waited += 250) {
        await pass(timers, 250);
      }
      return waited;
    };
    for (const lasted of [0, 5_000, 30_000]) {
      await pass(timers, lasted, 5_000);
      server.cut();
      waits.push(await wait());
    }
    assert.deepEqual(waits, [1_000, 2_000, 1_000]);
    assert.equal(here.state(), "live");
  });

  test("it comes back when the server asked, after it went away", async () => {
    const here = await live();
    server.open[0].deliver({ type: "going_away", reconnect_in_ms: 3_000 });
    assert.equal(here.state(), "connecting");
    await pass(timers, 2_750);
    assert.equal(server.sockets.length, 1);
    await pass(timers, 500);
    assert.equal(here.state(), "live");
  });

  test("it notices a connection that died without a word", async () => {
    const here = await live();
    await pass(timers, 26_000, 1_000);
    assert.equal(here.state(), "live");
    const heard = Date.now() - 1_000;
    server.cut({ silently: true });
    await pass(timers, 34_000, 1_000);
    assert.ok(here.states.some(({ name, since }) => name === "connecting" && since === heard));
    await pass(timers, 2_000);
    assert.equal(here.state(), "live");
  });

  test("it stays while pongs come, however quiet it is", async () => {
    const here = await live();
    await pass(timers, 600_000, 1_000);
    assert.equal(here.state(), "live");
    assert.equal(server.sockets.length, 1);
    assert.equal(here.states.length, 3);
  });

  test("it gives up an attempt that never opens", async () => {
    const here = page({
      WebSocket: class {
        close() {}
      },
    });
    here.connection.start();
    await pass(timers, 16_000, 1_000);
    assert.ok(here.states.some(({ since }) => since !== null));
  });

  test("it asks at once whether it lives when something changed around it", async () => {
    const here = await live();
    server.cut({ silently: true });
    here.connection.wake();
    await pass(timers, 2_500);
    assert.equal(here.state(), "connecting");
  });

  test("it says at once that it is offline when the browser knows of no network", async () => {
    const here = await live({ online: () => false });
    server.cut();
    assert.equal(here.state(), "offline");
  });

  test("it stays live when it wakes and all is well", async () => {
    const here = await live();
    here.connection.wake();
    await pass(timers, 60_000, 1_000);
    assert.equal(here.state(), "live");
    assert.equal(server.sockets.length, 1);
  });

  test("it believes no silence that it slept through, and says meanwhile that it looks", async () => {
    const here = await live();
    const heard = Date.now();
    timers.setTime(heard + 300_000); // no timer runs meanwhile, as in a page that is hidden or frozen
    here.connection.wake();
    await settle();
    const seen = here.states.slice(-2).map(({ name, since }) => [name, since]);
    assert.deepEqual(seen, [["catching-up", heard], ["live", null]]);
    assert.equal(server.sockets.length, 1);
  });

  test("it begins a new socket soon when the old one died while it slept, and misses nothing", async () => {
    const here = await live();
    timers.setTime(Date.now() + 300_000);
    server.cut({ silently: true });
    server.publish();
    here.connection.wake();
    await pass(timers, 4_000);
    assert.equal(here.state(), "live");
    assert.deepEqual(here.seqs(), [1]);
  });

  test("it tries at once when something changed while it was waiting", async () => {
    server.up = false;
    const here = page({ random: () => 0.999 });
    here.connection.start();
    await pass(timers, 40_000, 1_000);
    assert.equal(here.state(), "offline");
    server.up = true;
    here.connection.wake();
    await settle();
    assert.equal(here.state(), "live");
  });

  test("it leaves when it is stopped, and goes on from its place when it is started again", async () => {
    const here = await live();
    server.publish();
    here.connection.stop();
    assert.equal(server.open.length, 0);
    assert.notEqual(here.states.at(-1).since, null);
    server.publish();
    await pass(timers, 60_000, 5_000);
    assert.equal(server.sockets.length, 1);
    here.connection.start();
    await settle();
    assert.deepEqual(here.seqs(), [1, 2]);
    assert.equal(here.state(), "live");
  });
});

describe("a long-poll", () => {
  test("it takes over after three attempts, and brings the same events", async () => {
    server.socketsUp = false;
    const here = page();
    here.connection.start();
    server.publish();
    await pass(timers, 5_000);
    assert.equal(here.state(), "polling");
    server.publish();
    await pass(timers, 250);
    assert.deepEqual(here.seqs(), [1, 2]);
    assert.equal(server.polls[0].url.pathname, POLL_URL);
  });

  test("it begins at once where there are no sockets", async () => {
    const here = page({ WebSocket: null });
    here.connection.start();
    await settle();
    assert.equal(here.state(), "polling");
    assert.equal(server.sockets.length, 0);
  });

  test("it asks first without waiting, and then waits at the server", async () => {
    page({ WebSocket: null }).connection.start();
    await pass(timers, 60_000, 1_000);
    assert.deepEqual(server.polls.map(({ wait }) => wait), [0, 25, 25, 25]);
  });

  test("it gives way to a socket, without losing or doubling an event", async () => {
    server.socketsUp = false;
    const here = page();
    here.connection.start();
    await pass(timers, 5_000);
    server.publish();
    server.socketsUp = true;
    server.publish();
    for (let count = 0; count < 60; count += 1) {
      server.publish();
      await pass(timers, 1_000);
    }
    assert.equal(here.state(), "live");
    assert.equal(server.waiting.length, 0);
    assert.deepEqual(here.seqs(), Array.from({ length: 62 }, (_, index) => index + 1));
  });

  test("it stays stopped when something changes after it gave way", async () => {
    const { poll, answer } = await asked();
    await answer({ epoch: "e1", events: [] });
    poll.stop();
    poll.wake();
    await settle();
    assert.equal(poll.running, false);
  });

  test("it tries for a socket at once when the server is back", async () => {
    server.up = false;
    const here = page({ random: () => 0.999 });
    here.connection.start();
    await pass(timers, 16_000);
    const before = server.sockets.length;
    server.up = true;
    await pass(timers, 9_000);
    assert.equal(here.state(), "live");
    assert.equal(server.sockets.length, before + 1);
    assert.equal(server.waiting.length, 0);
  });

  test("it takes a snapshot when replay is not possible", async () => {
    server.publish();
    const here = page({ WebSocket: null, cursor: { epoch: "other", seq: 9 } });
    here.connection.start();
    await settle();
    assert.deepEqual(here.inbox.cursor(STREAM), { epoch: "e1", seq: 1 });
    assert.deepEqual(here.told.snapshot[0].state, { seen: 1 });
  });

  test("it slows down when answers come at once and bring nothing", async () => {
    let asked = 0;
    const json = async () => ({ stream: STREAM, epoch: "e1", seq: 0, events: [] });
    const fetch = async () => ((asked += 1), { ok: true, status: 200, json });
    page({ WebSocket: null, fetch }).connection.start();
    await pass(timers, 60_000);
    assert.ok(asked <= 9, `${asked} requests in a minute`);
  });

  test("it is offline when it fails, with backoff, and comes back", async () => {
    const here = page({ WebSocket: null });
    here.connection.start();
    await pass(timers, 1_000);
    server.up = false;
    server.cut();
    await settle();
    assert.equal(here.state(), "offline");
    await pass(timers, 30_000);
    assert.ok(server.polls.length < 12, `${server.polls.length} requests in half a minute`);
    server.up = true;
    server.publish();
    await pass(timers, 30_000);
    assert.equal(here.state(), "polling");
    assert.deepEqual(here.seqs(), [1]);
  });

  test("it waits as long as the server asks", async () => {
    let asked = 0;
    const headers = new Map([["Retry-After", "20"]]);
    const fetch = async () => ((asked += 1), { ok: false, status: 429, headers });
    page({ WebSocket: null, fetch }).connection.start();
    await pass(timers, 19_000);
    assert.equal(asked, 1);
    await pass(timers, 2_000);
    assert.equal(asked, 2);
  });

  test("it does not take an answer that comes after it was stopped", async () => {
    const { poll, inbox, answer } = await asked();
    poll.stop();
    await answer({ epoch: "e1", events: [{ type: "event", stream: STREAM, seq: 1 }] });
    assert.equal(inbox.cursor(STREAM).seq, 0);
  });

  test("it does not take events of another life than the page stands in by then", async () => {
    const { inbox, answer } = await asked();
    inbox.snapshot({ stream: STREAM, epoch: "e2", seq: 0 });
    await answer({ epoch: "e1", events: [{ type: "event", stream: STREAM, seq: 1 }] });
    assert.deepEqual(inbox.cursor(STREAM), { epoch: "e2", seq: 0 });
  });

  for (const status of [401, 403, 404]) {
    test(`it ends with ${status}`, async () => {
      server.refusal = { status };
      const here = page({ WebSocket: null });
      here.connection.start();
      await pass(timers, 60_000, 1_000);
      assert.equal(here.state(), "signed-out");
      assert.equal(server.polls.length, 1);
    });
  }
});

/** A poll whose first request is under way, and the way to answer it. */
async function asked() {
  let respond;
  const fetch = () => new Promise((resolve) => (respond = resolve));
  const tell = { polled() {}, lost() {}, refused() {} };
  const inbox = new Inbox({ [STREAM]: { epoch: "e1", seq: 0 } }, () => undefined);
  const poll = new Poll({ url: POLL_URL, stream: STREAM, inbox, fetch, tell });
  poll.start();
  const answer = async (body) => {
    respond({ ok: true, status: 200, json: async () => ({ stream: STREAM, seq: 1, ...body }) });
    await settle();
  };
  return { poll, inbox, answer };
}

test("it publishes every event once and in order, whatever the network does", async () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    await assertDelivery(seed);
  }
});

/** Plays a minute of a bad network, then a good one, and asserts that nothing was lost or doubled. */
async function assertDelivery(seed) {
  server = new FakeServer();
  const chance = lehmer(seed);
  const here = page({ random: chance });
  server.line = (frame) => {
    const fate = frame.type === "event" ? chance() : 1;
    return fate < 0.1 ? [] : fate < 0.2 ? [frame, frame] : [frame];
  };
  here.connection.start();
  for (let step = 0; step < 240; step += 1) {
    troubles[Math.floor(chance() * troubles.length)](chance);
    await pass(timers, 250);
  }
  server.up = server.socketsUp = true;
  server.line = (frame) => [frame];
  server.publish();
  await pass(timers, 90_000, 1_000);
  assert.equal(here.state(), "live", `seed ${seed}`);
  assert.equal(end(here.places), server.seq, `seed ${seed}`);
  here.connection.stop();
}

/** Where news lead that start from 0: each event must be the next one, a snapshot may skip some. */
function end(places) {
  return places.reduce((seq, place) => {
    const fits = place.topic === "event" ? place.seq === seq + 1 : place.seq >= seq;
    assert.ok(fits, `${place.topic} ${place.seq} after ${seq}`);
    return place.seq;
  }, 0);
}

const troubles = [
  () => server.publish(),
  () => server.publish(),
  () => server.publish(),
  () => server.cut(),
  () => server.cut({ silently: true }),
  () => (server.up = !server.up),
  () => (server.socketsUp = !server.socketsUp),
  () => undefined,
  () => undefined,
];

/** A seeded source of chance (Park and Miller's minimal standard generator). */
function lehmer(seed) {
  let state = seed * 7_919;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
