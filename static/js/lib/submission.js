/** Sends a file and starts a job on it, each once, even if it takes several tries. */

import { identifier } from "./identifier.js";
import { RequestFailed, postOnce, upload } from "./requests.js";

export class Submission {
  #file;
  #addresses;
  #upload = null;
  #key = identifier();
  #abort = new AbortController();

  /**
   * @param {File} file
   * @param {{upload: string, jobs: string}} addresses of the API.
   */
  constructor(file, addresses) {
    this.#file = file;
    this.#addresses = addresses;
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
   * @param {{progress: (fraction: number) => void, sent: () => void}} tell
   * @returns {Promise<object>} the job.
   * @throws {RequestFailed}
   */
  async run(request, { progress, sent }) {
    const { signal } = this.#abort;
    this.#upload ??= await upload(this.#addresses.upload, this.#file, { progress, signal });
    sent();
    try {
      const body = { ...request, upload: this.#upload.id };
      return await postOnce(this.#addresses.jobs, body, { key: this.#key, signal });
    } catch (error) {
      this.#renewAfter(error);
      throw error;
    }
  }

  /** Gives it up. */
  cancel() {
    this.#abort.abort();
  }

  /** A refusal is an answer, which its key would bring again; without an answer the key must stay. */
  #renewAfter(error) {
    if (error instanceof RequestFailed && error.status >= 400 && error.status < 500) {
      this.#key = identifier();
    }
  }
}
