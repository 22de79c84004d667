/** Changes that the page asks the API for. */

import { backoff } from "../models/backoff.js";
import { csrfToken } from "./csrf.js";
import { sentence } from "./problem.js";

const ATTEMPTS = 3;

/** The server refused, or did not answer; the message is a sentence for people. */
export class RequestFailed extends Error {
  /**
   * @param {number} status of the answer, 0 when there was none.
   * @param {string} text the answer's body.
   */
  constructor(status, text) {
    super(sentence(status, text));
    this.status = status;
  }
}

/**
 * Uploads a file and gives the answer's object. Uses XMLHttpRequest, as fetch cannot tell how much is sent.
 *
 * @param {string} url
 * @param {File} file
 * @param {{progress: (fraction: number) => void, signal: AbortSignal}} options
 * @returns {Promise<object>}
 * @throws {RequestFailed}
 */
export function upload(url, file, { progress, signal }) {
  const form = new FormData();
  form.append("file", file);
  const request = new XMLHttpRequest();
  request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
  request.open("POST", url);
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.setRequestHeader("Accept", "application/json");
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve) => {
    request.onloadend = () => resolve(request);
    request.send(form);
  }).then(({ status, responseText }) => answered(status, responseText));
}

/**
 * Posts `body` as JSON and gives the answer's object. Tries again when there was no answer or the server
 * failed; the key makes sure that it is done once.
 *
 * @param {string} url
 * @param {object} body
 * @param {{key: string, signal: AbortSignal}} options `key`: the Idempotency-Key.
 * @returns {Promise<object>}
 * @throws {RequestFailed}
 */
export async function postOnce(url, body, { key, signal }) {
  const headers = {
    Accept: "application/json",
    "Content-Type": "application/json",
    "Idempotency-Key": key,
    "X-CSRFToken": csrfToken(),
  };
  const request = { method: "POST", headers, body: JSON.stringify(body), signal };
  for (let attempt = 1; ; attempt += 1) {
    const { status, text } = await send(url, request);
    if ((status > 0 && status < 500) || attempt === ATTEMPTS || signal.aborted) {
      return answered(status, text);
    }
    await pause(backoff(attempt));
  }
}

/** One attempt; status 0 when there was no answer, which is the only reason for fetch to reject. */
async function send(url, request) {
  try {
    const response = await fetch(url, request);
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: "" };
  }
}

function answered(status, text) {
  const value = status >= 200 && status < 300 ? parsed(text) : null;
  if (value === null) {
    throw new RequestFailed(status, text);
  }
  return value;
}

/** The object in `text`; null when there is none, as in the page that a proxy puts in between. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
