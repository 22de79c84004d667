import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { Exchange, SILENT_MS } from "../../static/js/lib/exchange.js";
import { Inbox } from "../../static/js/lib/inbox.js";
import { linesTo } from "../../static/js/lib/lines/choice.js";
import { ElectedLine } from "../../static/js/lib/lines/elected.js";
import { OwnLine } from "../../static/js/lib/lines/own.js";
import { PageNews } from "../../static/js/lib/page-news.js";
import { FakeBrowser, FakeServer, STREAM, pass, settle } from "./fakes.mjs";

const SITE = { stream: STREAM, socketUrl: "ws://here/ws/", pollUrl: `/api/v1/streams/${STREAM}/events/` };

let server;
let timers;
let chance;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  timers = mock.timers;
  server = new FakeServer();
  chance = () => 0.5;
});

function network() {
  const { WebSocket, fetch } = server;
  return { WebSocket, fetch, online: () => true, random: () => chance() };
}

/** A worker that pages share; it may die, and a page may be frozen: then nothing reaches it. */
class FakeWorker {
  dead = false;
  frozen = new Set();
  #hears = new Map();

  constructor() {
    this.exchange = new Exchange({ site: SITE, post: (news) => this.#post(news), network: network() });
  }

  get line() {
    return ({ id, heard }) => {
      this.#hears.set(id, heard);
      const send = (word) => queueMicrotask(() => this.dead || this.exchange.hear(word));
      return { send, close: () => undefined };
    };
  }

  #post(news) {
    for (const page of news.to ? [news.to] : this.exchange.pages) {
      queueMicrotask(() => this.dead || this.frozen.has(page) || this.#hears.get(page)?.(news));
    }
  }

  kill() {
    this.dead = true;
    this.exchange.stop();
  }
}

/** A page that the server draws now, or drew at `cursor`, and that keeps all it is told. */
function page(lines, { cursor = { epoch: server.epoch, seq: server.seq } } = {}) {
  const places = [];
  const states = [];
  const inbox = new Inbox({ [STREAM]: cursor }, (topic, frame) => places.push({ topic, seq: frame.seq }));
  const news = new PageNews({
    site: SITE,
    inbox,
    lines,
    fetch: (...request) => server.fetch(...request),
    random: () => chance(),
    publish: (state) => states.push(state),
  });
  const seqs = () => places.filter(({ topic }) => topic === "event").map(({ seq }) => seq);
  const here = { news, inbox, places, states, seqs, state: () => states.at(-1).name };
  return { ...here, from: cursor?.seq ?? 0 };
}

async function opened(lines, options) {
  const here = page(lines, options);
  here.news.start();
  await settle();
  return here;
}

describe("pages that share an exchange", () => {
  let worker;
  beforeEach(() => (worker = new FakeWorker()));

  const open = (options) => opened([worker.line], options);

  test("they have one socket, and each hears every event once", async () => {
    const pages = [await open(), await open(), await open()];
    server.publish();
    await settle();
    assert.equal(server.sockets.length, 1);
    assert.deepEqual(pages.map(({ seqs }) => seqs()), [[1], [1], [1]]);
    assert.deepEqual(pages.map(({ state }) => state()), ["live", "live", "live"]);
  });

  test("one that was drawn before the others' latest news fetches what it lacks", async () => {
    await open();
    server.publish();
    server.publish();
    await settle();
    const late = await open({ cursor: { epoch: "e1", seq: 0 } });
    server.publish();
    await settle();
    assert.deepEqual(late.seqs(), [1, 2, 3]);
    assert.equal(late.state(), "live");
    assert.deepEqual(server.polls.map(({ since, wait }) => [since.seq, wait]), [[0, 0]]);
    assert.equal(server.sockets.length, 1);
  });

  test("one misses nothing that comes while it fetches what it lacks", async () => {
    await open();
    server.publish();
    await settle();
    server.holdsAnswers = true;
    const late = await open({ cursor: { epoch: "e1", seq: 0 } });
    server.publish();
    await settle();
    assert.deepEqual(late.seqs(), []);
    assert.equal(late.state(), "catching-up");
    server.holdsAnswers = false;
    server.release();
    await settle();
    assert.deepEqual(late.seqs(), [1, 2]);
    assert.equal(late.state(), "live");
    assert.equal(server.polls.length, 2);
  });

  test("one that was drawn after what the others have heard is told nothing twice", async () => {
    await open();
    server.line = () => [];
    server.publish();
    const ahead = await open();
    server.line = (frame) => [frame];
    server.publish();
    await settle();
    assert.deepEqual(ahead.seqs(), [2]);
  });

  test("one that was frozen catches up with its next hello", async () => {
    const here = await open();
    const other = await open();
    const [id] = worker.exchange.pages;
    worker.frozen.add(id);
    server.publish();
    server.publish();
    await settle();
    worker.frozen.clear();
    await pass(timers, 5_000);
    assert.deepEqual(here.seqs(), [1, 2]);
    assert.deepEqual(other.seqs(), [1, 2]);
    assert.equal(server.sockets.length, 1);
  });

  test("all take a snapshot when the stream begins a new life, and one that comes later does", async () => {
    const here = await open();
    server.restart();
    server.publish();
    await settle();
    const late = await open({ cursor: { epoch: "e1", seq: 0 } });
    for (const one of [here, late]) {
      assert.equal(one.inbox.cursor(STREAM).epoch, "e1'");
      assert.equal(one.inbox.cursor(STREAM).seq, 1);
      assert.equal(one.state(), "live");
    }
  });

  test("one that knows of a new life before the exchange does asks once, and waits for it", async () => {
    await open();
    server.epoch = "e2";
    const here = await open();
    await pass(timers, 20_000);
    assert.ok(server.polls.length <= 1, `${server.polls.length} requests`);
    server.open[0].deliver(server.snapshot());
    server.publish();
    await settle();
    assert.deepEqual(here.inbox.cursor(STREAM), { epoch: "e2", seq: 1 });
    assert.equal(here.state(), "live");
  });

  test("the socket stays until the last one leaves", async () => {
    const pages = [await open(), await open()];
    pages[0].news.stop();
    await settle();
    assert.equal(server.open.length, 1);
    assert.equal(pages[1].state(), "live");
    pages[1].news.stop();
    await settle();
    assert.equal(server.open.length, 0);
    assert.deepEqual(worker.exchange.pages, []);
    const back = await open();
    assert.equal(back.state(), "live");
  });

  test("one that is gone without a word is forgotten", async () => {
    worker.exchange.hear({ type: "hello", from: "crashed", since: null });
    const here = await open();
    await pass(timers, SILENT_MS + 60_000, 5_000);
    assert.equal(worker.exchange.pages.length, 1);
    assert.equal(here.state(), "live");
  });

  test("all say that they are signed out, and none tries again but a page that is drawn later", async () => {
    const pages = [await open(), await open()];
    await pass(timers, 1_000);
    server.refusal = { code: 4401, status: 401, message: "You have signed out." };
    server.cut({ code: 4401 });
    await pass(timers, 120_000, 5_000);
    assert.deepEqual(pages.map(({ state }) => state()), ["signed-out", "signed-out"]);
    assert.equal(pages[0].states.at(-1).message, "You have signed out.");
    assert.equal(server.sockets.length, 2, "it asks once more, as the session may have been renewed");
    assert.equal(server.polls.length, 0);
    server.refusal = null;
    const next = await open();
    assert.equal(next.state(), "live");
    assert.deepEqual(pages.map(({ state }) => state()), ["signed-out", "signed-out"]);
  });

  test("none is signed out when only the session was renewed", async () => {
    const here = await open();
    await pass(timers, 1_000);
    server.cut({ code: 4401 });
    await pass(timers, 2_000);
    assert.equal(here.state(), "live");
  });

  test("one that is refused what it lacks says that it is signed out", async () => {
    await open();
    server.publish();
    await settle();
    server.refusal = { status: 401 };
    const here = await open({ cursor: { epoch: "e1", seq: 0 } });
    assert.equal(here.state(), "signed-out");
    await pass(timers, 60_000, 5_000);
    assert.equal(server.polls.length, 1);
  });

  test("one lacks nothing from before it was drawn, however long the others are offline", async () => {
    const first = await open();
    const lost = Date.now();
    server.up = false;
    server.cut();
    await pass(timers, 60_000, 1_000);
    const drawn = Date.now();
    const late = await open();
    assert.deepEqual([first.state(), first.states.at(-1).since], ["offline", lost]);
    assert.deepEqual([late.state(), late.states.at(-1).since], ["offline", drawn]);
  });

  test("a page's hello does what the late timers of a hidden leader should have done", async () => {
    const here = await open();
    const before = server.open[0].sent.length;
    const [id] = worker.exchange.pages;
    timers.setTime(Date.now() + 26_000);
    worker.exchange.hear({ type: "hello", from: id, since: here.inbox.cursor(STREAM) });
    assert.deepEqual(server.open[0].sent.slice(before), [{ type: "ping" }]);
    server.cut();
    timers.setTime(Date.now() + 2_000);
    worker.exchange.hear({ type: "hello", from: id, since: here.inbox.cursor(STREAM) });
    await settle();
    assert.equal(here.state(), "live");
  });

  test("all poll by one request, and go back to one socket with the same news", async () => {
    server.socketsUp = false;
    const pages = [await open(), await open(), await open()];
    await pass(timers, 8_000);
    assert.deepEqual(pages.map(({ state }) => state()), ["polling", "polling", "polling"]);
    server.publish();
    await settle();
    assert.ok(server.waiting.length <= 1);
    server.socketsUp = true;
    server.publish();
    await pass(timers, 40_000);
    server.publish();
    await settle();
    for (const here of pages) {
      assert.equal(here.state(), "live");
      assert.deepEqual(here.seqs(), [1, 2, 3]);
    }
    assert.equal(server.open.length, 1);
  });
});

describe("a line on which nobody answers", () => {
  test("it is found out, and the next one brings what was missed", async () => {
    const [first, second] = [new FakeWorker(), new FakeWorker()];
    const pages = [await opened([first.line, second.line]), await opened([first.line, second.line])];
    server.publish();
    await settle();
    first.kill();
    server.publish();
    await pass(timers, 12_000);
    server.publish();
    await settle();
    assert.equal(server.open.length, 1);
    for (const here of pages) {
      assert.deepEqual(here.seqs(), [1, 2, 3]);
      const names = here.states.map(({ name, since }) => `${name}${since === null ? "" : " stale"}`);
      assert.ok(names.includes("connecting stale"), names.join());
      assert.equal(here.state(), "live");
    }
  });

  test("the last line is taken again and again", async () => {
    const silent = () => ({ send: () => undefined, close: () => undefined });
    let taken = 0;
    const here = await opened([silent, () => ((taken += 1), silent())]);
    await pass(timers, 60_000, 1_000);
    assert.ok(taken > 3, `taken ${taken} times`);
    assert.equal(here.state(), "connecting");
  });

  test("a worker that cannot begin is passed over at once", async () => {
    class SharedWorker {
      constructor() {
        this.port = { postMessage: () => undefined, close: () => undefined };
        queueMicrotask(() => this.onerror?.());
      }
    }
    const [worker] = linesTo(SITE, { SharedWorker, navigator: {} });
    const here = await opened([worker, (line) => new OwnLine({ ...line, site: SITE, network: network() })]);
    assert.equal(here.state(), "live");
  });

  test("a worker that the browser forbids is passed over too", async () => {
    const SharedWorker = class {
      constructor() {
        throw new DOMException("Forbidden", "SecurityError");
      }
    };
    const [worker] = linesTo(SITE, { SharedWorker, navigator: {} });
    const here = await opened([worker, (line) => new OwnLine({ ...line, site: SITE, network: network() })]);
    assert.equal(here.state(), "live");
  });
});

describe("the choice of lines", () => {
  test("a page goes by what its browser has, and always has one at last", () => {
    const locks = { navigator: { locks: {} }, BroadcastChannel: class {} };
    assert.equal(linesTo(SITE, { navigator: {} }).length, 1);
    assert.equal(linesTo(SITE, locks).length, 3);
    assert.equal(linesTo(SITE, { ...locks, SharedWorker: class {} }).length, 6);
  });

  test("a worker is of one person and one version, begun anew under its name, and then its spare", () => {
    const made = [];
    const browser = {
      navigator: {},
      SharedWorker: class {
        constructor(url, { name, type }) {
          made.push({ url: String(url), name, type });
          this.port = {};
        }
      },
    };
    const other = { ...SITE, stream: "user:8" };
    linesTo(SITE, browser).slice(0, 3).forEach((line) => line({}));
    linesTo(other, browser)[0]({});
    const [first, again, spare, others] = made;
    assert.deepEqual(first, again);
    assert.equal(new Set([first.name, spare.name, others.name]).size, 3);
    assert.ok(first.url.endsWith("/static/js/worker.js"));
    assert.equal(first.type, "module");
    assert.ok(JSON.parse(first.name).version.includes("/static/js/"));
  });
});

describe("pages that elect a leader", () => {
  let browser;
  beforeEach(() => (browser = new FakeBrowser()));

  const elected = (steal) => (line) =>
    new ElectedLine({ ...line, site: SITE, name: "one", steal, browser, network: network() });
  const open = () => opened([elected(false), elected(true)]);

  test("they have one socket, and each hears every event once", async () => {
    const pages = [await open(), await open(), await open()];
    server.publish();
    await settle();
    assert.equal(server.sockets.length, 1);
    assert.deepEqual(pages.map(({ seqs }) => seqs()), [[1], [1], [1]]);
    assert.deepEqual(pages.map(({ state }) => state()), ["live", "live", "live"]);
  });

  test("the next one leads when the leader is closed, and nobody misses anything", async () => {
    const [leader, ...pages] = [await open(), await open(), await open()];
    server.publish();
    await settle();
    leader.news.stop();
    server.publish();
    await settle();
    server.publish();
    await settle();
    assert.equal(server.open.length, 1);
    for (const here of pages) {
      assert.deepEqual(here.seqs(), [1, 2, 3]);
      assert.equal(here.state(), "live");
    }
    pages.forEach(({ news }) => news.stop());
    await settle();
    assert.equal(server.open.length, 0);
  });

  test("one takes the lead from a leader that hangs, which follows when it goes on", async () => {
    const leader = await open();
    const hung = [...browser.channels];
    const pages = [await open(), await open()];
    hung.forEach((channel) => (channel.hangs = true));
    server.sockets[0].onmessage = null;
    server.publish();
    await pass(timers, 11_000);
    for (const here of pages) {
      assert.deepEqual(here.seqs(), [1]);
      assert.equal(here.state(), "live");
    }
    hung.forEach((channel) => (channel.hangs = false));
    server.publish();
    await pass(timers, 5_000);
    assert.deepEqual(leader.seqs(), [1, 2]);
    assert.equal(server.open.length, 1);
  });
});

test("every page is told every event once and in order, whatever becomes of it", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    await assertDelivery(seed);
  }
});

/** Plays a minute in which pages come, freeze and go on a bad network; then all is well. */
async function assertDelivery(seed) {
  server = new FakeServer();
  chance = lehmer(seed);
  const worker = new FakeWorker();
  const pages = [await opened([worker.line])];
  const any = (list) => list[Math.floor(chance() * list.length)];
  const acts = [
    () => server.publish(),
    () => server.publish(),
    () => opened([worker.line]).then((one) => pages.push(one)),
    () => any(pages).news.stop(),
    () => any(pages).news.start(),
    () => any(pages).news.wake(),
    () => worker.frozen.add(any(worker.exchange.pages)),
    () => worker.frozen.clear(),
    () => server.cut({ silently: chance() < 0.5 }),
    () => (server.up = !server.up),
    () => (server.socketsUp = !server.socketsUp),
    () => chance() < 0.1 && server.restart(),
  ];
  for (let step = 0; step < 200; step += 1) {
    await any(acts)();
    await pass(timers, 250);
  }
  server.up = server.socketsUp = true;
  worker.frozen.clear();
  pages.forEach(({ news }) => news.start());
  server.publish();
  await pass(timers, 90_000, 1_000);
  for (const here of pages) {
    assert.equal(here.state(), "live", `seed ${seed}`);
    assert.deepEqual(here.inbox.cursor(STREAM), { epoch: server.epoch, seq: server.seq }, `seed ${seed}`);
    assertOrder(here);
    here.news.stop();
  }
  await settle();
  assert.equal(server.open.length, 0, `seed ${seed}`);
  worker.exchange.stop();
}

/** Each event must be the next one; a snapshot may go anywhere. */
function assertOrder({ from, places }) {
  places.reduce((seq, place) => {
    const fits = place.topic === "snapshot" || place.seq === seq + 1;
    assert.ok(fits, `${place.topic} ${place.seq} after ${seq}`);
    return place.seq;
  }, from);
}

/** A seeded source of chance (Park and Miller's minimal standard generator). */
function lehmer(seed) {
  let state = seed * 7_919;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
