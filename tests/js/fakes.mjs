/** A server of one stream that keeps its log, and the WebSocket and fetch by which it is reached. */

export const STREAM = "user:7";

/** Lets promises that are ready go on, without the clock moving. */
export async function settle() {
  for (let turn = 0; turn < 30; turn += 1) {
    await Promise.resolve();
  }
}

/** Moves mocked time on in steps, so that what a timer begins can go on before the next one. */
export async function pass(timers, milliseconds, stepSize = 250) {
  for (let left = milliseconds; left > 0; left -= stepSize) {
    timers.tick(Math.min(left, stepSize));
    await settle();
  }
}

export class FakeServer {
  epoch = "e1";
  events = [];
  sockets = [];
  polls = [];
  up = true;
  socketsUp = true;
  refusal = null;
  heartbeat = 25;
  /** Whether polls are answered, but the answers do not arrive until they are released. */
  holdsAnswers = false;
  /** What becomes of each frame to a client: by default it arrives. Gives the frames that do. */
  line = (frame) => [frame];

  get seq() {
    return this.events.length;
  }

  get open() {
    return this.sockets.filter((socket) => socket.isOpen);
  }

  get waiting() {
    return this.polls.filter((poll) => !poll.done);
  }

  /** Publishes an event to everybody who is subscribed or polls. */
  publish(name = "job.started") {
    const seq = this.seq + 1;
    const frame = { type: "event", stream: STREAM, seq, id: `${this.epoch}-${seq}`, name, data: { seq } };
    this.events.push(frame);
    this.open.filter((socket) => socket.subscribed).forEach((socket) => socket.deliver(frame));
    this.waiting.forEach((poll) => poll.answer());
    return seq;
  }

  /** Begins a new life of the stream. */
  restart() {
    this.epoch = `${this.epoch}'`;
    this.open.forEach((socket) => socket.subscribed && socket.deliver(this.snapshot()));
  }

  /** Cuts every connection, with or without the clients getting to know. */
  cut({ silently = false, code = 1006 } = {}) {
    this.open.forEach((socket) => socket.drop(silently ? null : code));
    this.waiting.forEach((poll) => poll.fail());
  }

  /** Lets all answers arrive that were held. */
  release() {
    this.polls.forEach((poll) => poll.arrive());
  }

  snapshot() {
    return { type: "snapshot", stream: STREAM, epoch: this.epoch, seq: this.seq, state: { seen: this.seq } };
  }

  /** The frames that take a client from `since` to now. */
  since(since) {
    const known = since && since.epoch === this.epoch && since.seq <= this.seq;
    return known ? this.events.slice(since.seq) : [this.snapshot()];
  }

  get WebSocket() {
    const server = this;
    return class extends FakeSocket {
      constructor(url, protocol) {
        super(server, url, protocol);
      }
    };
  }

  get fetch() {
    return (url, options) => {
      const poll = new FakePoll(this, new URL(url, "http://here"), options);
      this.polls.push(poll);
      return poll.promise;
    };
  }
}

class FakeSocket {
  isOpen = true;
  subscribed = false;
  sent = [];
  #server;
  #reached = true;

  constructor(server, url, protocol) {
    this.#server = server;
    this.url = url;
    this.protocol = protocol;
    server.sockets.push(this);
    queueMicrotask(() => (server.up && server.socketsUp ? this.onopen?.() : this.drop(1006)));
  }

  send(text) {
    const frame = JSON.parse(text);
    this.sent.push(frame);
    if (this.#reached) {
      this.#take(frame);
    }
  }

  close() {
    this.isOpen = false;
  }

  /** Sends a frame down the line. */
  deliver(frame) {
    for (const arrived of this.#server.line(frame)) {
      if (this.isOpen && this.#reached) {
        this.onmessage?.({ data: JSON.stringify(arrived) });
      }
    }
  }

  /** The connection ends; with null, nobody tells the client. */
  drop(code) {
    this.#reached = false;
    if (code !== null) {
      this.isOpen = false;
      this.onclose?.({ code });
    }
  }

  #take(frame) {
    if (frame.type === "hello") {
      this.#hello(frame);
    } else if (frame.type === "subscribe") {
      this.#subscribe(frame.since);
    } else if (frame.type === "ping") {
      this.deliver({ type: "pong" });
    }
  }

  #hello({ streams }) {
    if (this.#server.refusal) {
      this.deliver({ type: "error", code: "refused", message: this.#server.refusal.message });
      this.drop(this.#server.refusal.code);
      return;
    }
    this.deliver({ type: "welcome", heartbeat: this.#server.heartbeat });
    this.#subscribe(streams[STREAM]);
  }

  #subscribe(since) {
    this.subscribed = true;
    this.#server.since(since).forEach((frame) => this.deliver(frame));
  }
}

class FakePoll {
  done = false;

  constructor(server, url, { signal }) {
    this.server = server;
    this.url = url;
    this.since = { epoch: url.searchParams.get("epoch"), seq: Number(url.searchParams.get("since")) };
    this.wait = Number(url.searchParams.get("wait"));
    this.promise = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    signal.addEventListener("abort", () => this.fail());
    queueMicrotask(() => this.#begin());
  }

  #begin() {
    if (!this.server.up) {
      this.fail();
    } else if (this.server.refusal) {
      this.#finish({ ok: false, status: this.server.refusal.status, headers: new Map() });
    } else if (this.wait === 0 || this.server.since(this.since).length) {
      this.answer();
    } else {
      setTimeout(() => this.answer(), this.wait * 1_000);
    }
  }

  answer() {
    const { epoch, seq } = this.server;
    const found = this.server.since(this.since);
    const news = found[0]?.type === "snapshot" ? { snapshot: found[0].state } : { events: found };
    this.#finish({ ok: true, status: 200, json: async () => ({ stream: STREAM, epoch, seq, ...news }) });
  }

  fail() {
    this.done = true;
    this.reject(new TypeError("Failed to fetch"));
  }

  /** What was answered reaches the client. */
  arrive() {
    this.resolve(this.response);
  }

  #finish(response) {
    this.done = true;
    this.response = response;
    if (!this.server.holdsAnswers) {
      this.arrive();
    }
  }
}

class FakeChannel {
  hangs = false;

  constructor(channels, name) {
    this.channels = channels;
    this.name = name;
    channels.add(this);
  }

  postMessage(data) {
    const others = [...this.channels].filter((other) => other !== this && other.name === this.name);
    others.forEach((other) => queueMicrotask(() => other.receive(data)));
  }

  receive(data) {
    if (this.channels.has(this) && !this.hangs) {
      this.onmessage({ data });
    }
  }

  close() {
    this.channels.delete(this);
  }
}

/** What pages of one browser share: locks that are given in turn, and channels, whose pages may hang. */
export class FakeBrowser {
  #waiting = new Map();
  channels = new Set();
  navigator = { locks: { request: (name, options, act) => this.#request(name, options, act) } };

  get BroadcastChannel() {
    const { channels } = this;
    return class extends FakeChannel {
      constructor(name) {
        super(channels, name);
      }
    };
  }

  async #request(name, { signal, steal = false }, act) {
    const queue = this.#waiting.get(name) ?? [];
    this.#waiting.set(name, queue);
    const stolen = steal ? queue.shift() : undefined;
    const mine = { begin: null, lose: null };
    const turn = new Promise((resolve) => (mine.begin = resolve));
    const loss = new Promise((_, reject) => {
      mine.lose = () => reject(new DOMException("Lost", "AbortError"));
    });
    loss.catch(() => undefined);
    steal ? queue.unshift(mine) : queue.push(mine);
    stolen?.lose();
    signal?.addEventListener("abort", () => queue[0] !== mine && this.#leave(queue, mine, mine.lose));
    if (queue[0] === mine) {
      mine.begin();
    }
    await Promise.race([turn, loss]);
    await Promise.race([act(), loss]);
    this.#leave(queue, mine);
  }

  #leave(queue, mine, then = () => undefined) {
    queue.splice(queue.indexOf(mine), 1);
    then();
    queue[0]?.begin();
  }
}
