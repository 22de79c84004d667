/** Sends a file and starts a job on it, each once, even if it takes several tries. */

import { identifier } from "./identifier.js";
import { FROM_BYTES, uploadInParts } from "./parts.js";
import { RequestFailed, postOnce, upload } from "./requests.js";
import * as unfinished from "./unfinished.js";

export class Submission {
  #file;
  #addresses;
  #upload = null;
  #place;
  #key;
  #abort = new AbortController();

  /**
   * @param {File} file
   * @param {{upload: string, parts?: string, jobs: string}} addresses of the API. Without that for parts,
   *   a file goes in one request, however large.
   * @param {{place?: string, key?: string}} begun of one that was cut off by a page's end.
   */
  constructor(file, addresses, { place = "", key = identifier() } = {}) {
    this.#file = file;
    this.#addresses = addresses;
    this.#place = place;
    this.#key = key;
  }

  get file() {
    return this.#file;
  }

  /** Whether it was given up by `cancel`. */
  get cancelled() {
    return this.#abort.signal.aborted;
  }

  /**
   * Sends what is not sent yet.
   *
   * @param {object} request what the job's request has besides the upload, such as its kind.
   * @param {{progress: (fraction: number) => void, waiting: (waits: boolean) => void, sent: () => void}} tell
   * @returns {Promise<object>} the job.
   * @throws {RequestFailed}
   */
  async run(request, { progress, waiting, sent }) {
    const { signal } = this.#abort;
    this.#upload ??= await (this.#goesInParts
      ? this.#sendInParts(request, { progress, waiting })
      : upload(this.#addresses.upload, this.#file, { progress, signal }));
    sent();
    try {
      const body = { ...request, upload: this.#upload.id };
      const job = await postOnce(this.#addresses.jobs, body, { key: this.#key, signal });
      await this.#forget();
      return job;
    } catch (error) {
      await this.#renewAfter(error);
      throw error;
    }
  }

  /** Gives it up. */
  cancel() {
    this.#abort.abort();
    this.#forget();
  }

  get #goesInParts() {
    return Boolean(this.#addresses.parts) && this.#file.size > FROM_BYTES;
  }

  async #sendInParts(request, { progress, waiting }) {
    const name = unfinished.nameOf(this.#file);
    this.#place ||= (await unfinished.find(name))?.place ?? "";
    const keep = () =>
      this.cancelled || unfinished.keep({ name, file: this.#file, place: this.#place, request, key: this.#key });
    await keep();
    const opened = (place) => {
      this.#place = place;
      keep();
    };
    const { signal } = this.#abort;
    try {
      return await uploadInParts(this.#addresses.parts, this.#file, {
        place: this.#place,
        opened,
        progress,
        waiting,
        signal,
      });
    } catch (error) {
      await this.#forget();
      throw error;
    }
  }

  async #forget() {
    if (this.#goesInParts) {
      await unfinished.forget(unfinished.nameOf(this.#file));
    }
  }

  /** A refusal is an answer, which its key would bring again; without an answer the key must stay. */
  async #renewAfter(error) {
    if (error instanceof RequestFailed && error.status >= 400 && error.status < 500) {
      this.#key = identifier();
      await this.#forget();
    }
  }
}
