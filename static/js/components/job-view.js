/** The job that a page is about: its progress stands in the tab's title too. */

import { percent } from "../models/percent.js";
import { isTerminal } from "../models/status.js";
import { LiveJob } from "./live-job.js";

export class JobView extends LiveJob {
  #title = document.title;

  disconnectedCallback() {
    super.disconnectedCallback();
    document.title = this.#title;
  }

  draw() {
    super.draw();
    const { status, progress } = this.job;
    document.title = isTerminal(status) ? this.#title : `${percent(progress)} · ${this.#title}`;
  }
}
