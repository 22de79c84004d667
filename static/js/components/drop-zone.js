/**
 * Wraps a form with a file field: takes a file that is dropped anywhere on the page, pasted, or chosen,
 * sends it with a bar, starts the job and goes to its page. Without JavaScript it is the plain form.
 *
 * Attributes: data-upload, data-parts and data-jobs (addresses of the API; the second for large files),
 * data-max-bytes, data-kind, and data-wait where the form has more to fill in, so that the file waits for its
 * submit button. Where data-list names a page, it takes several files at once, one after the other, and goes
 * there. data-input-fields and data-option-fields name fields anywhere on the page that go along with the
 * file when they are filled in.
 * Inside: [data-upload-bar], [data-message] (live region), [data-cancel] (a button). Sets data-state:
 * idle, over, sending, waiting, starting, failed; and data-busy while it sends.
 */

import { carriesFiles, dropped, pasted } from "../lib/offered.js";
import { RequestFailed } from "../lib/requests.js";
import { Submission } from "../lib/submission.js";
import * as unfinished from "../lib/unfinished.js";
import { percent } from "../models/percent.js";
import { bytesText, sizeProblem } from "../models/upload.js";
import { drawBar } from "./job-drawing.js";

const MOST_FILES = 20;
const ON_WINDOW = ["dragover", "dragleave", "drop", "paste", "pageshow"];
const ON_FORM = ["change", "submit", "click"];

export class DropZone extends HTMLElement {
  /** The last submission: under way, or failed and kept so that a second try sends nothing twice. */
  #submission = null;
  /** The files that are not on their way yet. */
  #left = [];

  #handlers = {
    dragover: (event) => this.#dragged(event),
    dragleave: (event) => this.#dragLeft(event),
    drop: (event) => this.#dropped(event),
    paste: (event) => this.#pasted(event),
    pageshow: ({ persisted }) => persisted && this.#reset(),
    change: ({ target }) => target === this.#field && this.#chosen(),
    submit: (event) => this.#submitted(event),
    click: ({ target }) => target.closest("[data-cancel]") && this.#cancel(),
  };

  connectedCallback() {
    ON_WINDOW.forEach((type) => window.addEventListener(type, this));
    ON_FORM.forEach((type) => this.addEventListener(type, this));
    this.#reset();
    this.#field.multiple = this.#takesSeveral;
    this.#goOn();
  }

  disconnectedCallback() {
    ON_WINDOW.forEach((type) => window.removeEventListener(type, this));
    ON_FORM.forEach((type) => this.removeEventListener(type, this));
    this.#submission?.cancel();
  }

  handleEvent(event) {
    this.#handlers[event.type](event);
  }

  get #field() {
    return this.querySelector("input[type=file]");
  }

  get #isBusy() {
    return ["sending", "waiting", "starting"].includes(this.dataset.state);
  }

  get #takesSeveral() {
    return this.dataset.list !== undefined && this.dataset.wait === undefined;
  }

  // Ways in

  /** Goes on with what this tab was sending when its page was loaded again. */
  async #goOn() {
    const begun = await unfinished.ours();
    if (begun && !this.#isBusy && this.isConnected) {
      const { file, request } = begun;
      this.#submission = new Submission(file, this.#addresses, begun);
      this.#send([file], request);
    }
  }

  #dragged(event) {
    if (carriesFiles(event)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = this.#isBusy ? "none" : "copy";
      if (!this.#isBusy) {
        this.dataset.state = "over";
      }
    }
  }

  #dragLeft({ relatedTarget }) {
    if (relatedTarget === null && this.dataset.state === "over") {
      this.dataset.state = "idle";
    }
  }

  #dropped(event) {
    if (carriesFiles(event)) {
      event.preventDefault();
      this.#offered(dropped(event));
    }
  }

  #pasted(event) {
    const offer = pasted(event, this.contains(document.activeElement));
    if (offer) {
      event.preventDefault();
      this.#offered(offer);
    }
  }

  #chosen() {
    const files = [...this.#field.files];
    if (files.length && this.dataset.wait === undefined) {
      this.#send(files);
    }
  }

  /** Without a file it is left to the form, which may have a text. */
  #submitted(event) {
    const files = this.#field.files.length ? [...this.#field.files] : this.#left;
    if (files.length) {
      event.preventDefault();
      this.#send(files);
    }
  }

  #offered({ files = [], problem = this.#tooMany(files) }) {
    if (this.#isBusy) {
      return;
    }
    if (problem) {
      this.#fail(problem);
    } else if (this.dataset.wait === undefined) {
      this.#send(files);
    } else {
      this.#keep(files[0]);
    }
  }

  #tooMany({ length }) {
    if (length > 1 && !this.#takesSeveral) {
      return "One file at a time, please.";
    }
    return length > MOST_FILES ? `At most ${MOST_FILES} files at a time, please.` : null;
  }

  /** Puts the file into the field, as if it had been chosen there. */
  #keep(file) {
    const transfer = new DataTransfer();
    transfer.items.add(file);
    this.#field.files = transfer.files;
    this.dataset.state = "idle";
    this.#say(`${file.name} (${bytesText(file.size)}) is ready to be sent.`);
  }

  // Sending

  /** Sends one after the other; what is refused stops it, and is tried first when it goes on. */
  async #send(files, request = this.#request()) {
    if (this.#isBusy) {
      return;
    }
    const limit = Number(this.dataset.maxBytes);
    const problem = this.#tooMany(files) ?? files.map((file) => sizeProblem(file, limit)).find(Boolean);
    if (problem) {
      this.#fail(problem);
      return;
    }
    let job = null;
    for (const [place, file] of files.entries()) {
      const submission = this.#submissionOf(file);
      this.#left = files.slice(place);
      this.#begin(file, files.length > 1 ? `${place + 1} of ${files.length}: ` : "");
      try {
        job = await submission.run(request, {
          progress: (fraction) => this.#progress(fraction),
          waiting: (waits) => this.#waiting(file, waits),
          sent: () => this.#sent(),
        });
      } catch (error) {
        this.#failed(submission, error, files.length > 1 ? `${file.name}: ` : "");
        return;
      }
    }
    location.assign(files.length > 1 ? this.dataset.list : job.links.page);
  }

  get #addresses() {
    return { upload: this.dataset.upload, parts: this.dataset.parts, jobs: this.dataset.jobs };
  }

  #submissionOf(file) {
    const again = this.#submission?.file === file && !this.#submission.cancelled;
    this.#submission = again ? this.#submission : new Submission(file, this.#addresses);
    return this.#submission;
  }

  #request() {
    const { kind, inputFields, optionFields } = this.dataset;
    const input = filledIn(inputFields);
    const options = filledIn(optionFields);
    const reuse = this.querySelector("[name=reuse]")?.checked;
    return { kind, ...(input && { input }), ...(options && { options }), ...(reuse && { reuse }) };
  }

  #begin({ name }, count) {
    this.dataset.state = "sending";
    this.setAttribute("aria-busy", "true");
    this.setAttribute("data-busy", "");
    this.#bars((bar) => (bar.hidden = false));
    this.#progress(0);
    this.#say(`${count}Sending ${name}…`);
  }

  #waiting({ name }, waits) {
    const told = `The network is away. ${name} goes on by itself when it is back.`;
    if (waits !== (this.dataset.state === "waiting")) {
      this.dataset.state = waits ? "waiting" : "sending";
      this.#say(waits ? told : `Sending ${name}…`);
    }
  }

  #progress(fraction) {
    this.#bars((bar) => {
      drawBar(bar, fraction);
      bar.setAttribute("aria-valuetext", percent(fraction));
    });
  }

  #sent() {
    this.dataset.state = "starting";
    this.#progress(1);
    this.#say("Sent. Starting the analysis…");
  }

  #failed(submission, error, which) {
    if (!(error instanceof RequestFailed)) {
      this.#fail("Something went wrong on this page. Reload it, then try again.");
      throw error;
    }
    if (submission === this.#submission && !submission.cancelled) {
      this.#fail(which + error.message);
    }
  }

  #cancel() {
    this.#submission?.cancel();
    this.#left = [];
    this.#reset();
    this.#say("Cancelled. Nothing was started.");
  }

  #fail(sentence) {
    this.#reset();
    this.dataset.state = "failed";
    this.#say(sentence);
  }

  #reset() {
    this.dataset.state = "idle";
    this.removeAttribute("aria-busy");
    this.removeAttribute("data-busy");
    this.#bars((bar) => (bar.hidden = true));
    this.#say("");
    this.#field.value = "";
  }

  #say(sentence) {
    this.querySelectorAll("[data-message]").forEach((element) => (element.textContent = sentence));
  }

  #bars(change) {
    this.querySelectorAll("[data-upload-bar]").forEach(change);
  }
}

/** What stands in the fields of these names on the page, or null when they are empty or not there. */
function filledIn(names = "") {
  const fields = names.split(" ").map((name) => [name, name && document.getElementsByName(name)[0]?.value.trim()]);
  const filled = fields.filter(([, value]) => value);
  return filled.length ? Object.fromEntries(filled) : null;
}
