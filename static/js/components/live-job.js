/**
 * A part of the page that shows one job, and keeps showing how it stands. Signals are drawn at once;
 * after an event the server draws the part anew.
 *
 * Attributes: data-job (id), data-status, data-partial (address of the part).
 */

import { bus } from "../lib/bus.js";
import { morphChildren } from "../lib/morph.js";
import { Partial } from "../lib/partial.js";
import { everySecond } from "../lib/ticker.js";
import { INITIAL } from "../models/connection.js";
import { withJob, withPage, withSignal } from "../models/job.js";
import { isTerminal } from "../models/status.js";
import { draw, read } from "./job-drawing.js";

/** Draws no more often than this, whatever comes. */
const DRAW_MS = 40;
/** Without a socket there are no signals: then the part is fetched so often while the job goes on. */
const REFRESH_MS = 5_000;

export class LiveJob extends HTMLElement {
  #job;
  #partial;
  #connection = INITIAL;
  #fetched = Date.now();
  #drawing;
  #endings = [];

  /** @returns {import("../models/job.js").Job} the job as it is known. */
  get job() {
    return this.#job;
  }

  connectedCallback() {
    this.#job = read(this);
    this.#connection = bus.latest("connection") ?? INITIAL;
    this.#partial = new Partial(this.dataset.partial, (body, news) => this.#accept(body, news));
    this.#endings = [
      bus.subscribe("event", (event) => this.#event(event)),
      bus.subscribe("signal", (signal) => this.#signal(signal)),
      bus.subscribe("snapshot", (snapshot) => this.#snapshot(snapshot)),
      bus.subscribe("connection", (state) => this.#connected(state)),
      everySecond(() => this.#tick()),
    ];
  }

  disconnectedCallback() {
    this.#endings.forEach((end) => end());
    this.#partial.stop();
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
  }

  /**
   * Takes what the server drew of the job, but nothing of it that is behind what is known.
   *
   * @param {HTMLElement} part
   */
  renew(part) {
    const drawn = read(part.dataset.job ? part : this, part);
    morphChildren(this, part);
    this.#job = withPage(this.#job, { ...drawn, id: this.#job.id });
    this.draw();
  }

  /** Draws what is known now. */
  draw() {
    draw(this, { job: this.#job, now: Date.now(), staleSince: this.#connection.since });
  }

  #event({ name, data }) {
    if (name.startsWith("job.") && data.job?.id === this.#job.id) {
      this.#told(data.job);
    }
  }

  #signal({ name, data }) {
    if (data.job === this.#job.id) {
      this.#become(withSignal(this.#job, name, data, Date.now()));
    }
  }

  #snapshot({ state }) {
    const told = state.jobs?.find(({ id }) => id === this.#job.id);
    if (told) {
      this.#told(told);
    } else {
      this.#partial.request();
    }
  }

  #told(job) {
    this.#become(withJob(this.#job, job, Date.now()));
    this.#partial.request();
  }

  #connected(state) {
    this.#connection = state;
    this.#drawSoon();
  }

  #tick() {
    if (isTerminal(this.#job.status)) {
      return;
    }
    this.draw();
    if (this.#connection.name === "polling" && Date.now() - this.#fetched >= REFRESH_MS) {
      this.#fetched = Date.now();
      this.#partial.request();
    }
  }

  /** Takes the part as the server drew it, unless it is from before the job's end and a later one comes. */
  #accept(body, { outdated }) {
    const part = body.querySelector(`${this.localName}[data-job]`) ?? body;
    if (!(outdated && isTerminal(this.#job.status) && !isTerminal(part.dataset.status))) {
      this.#fetched = Date.now();
      this.renew(part);
    }
  }

  #become(job) {
    if (job !== this.#job) {
      this.#job = job;
      this.#drawSoon();
    }
  }

  #drawSoon() {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.draw();
    }, DRAW_MS);
  }
}
