/** Sends a file in parts, and goes on where it was cut off: tus 1.0, https://tus.io/protocols/resumable-upload */

import { backoff } from "../models/backoff.js";
import { csrfToken } from "./csrf.js";
import { RequestFailed } from "./requests.js";

/** Files larger than this go in parts. */
export const FROM_BYTES = 5 * 1024 * 1024;
/** What of a file may have to be sent twice when the network is cut. */
const PART_BYTES = 1024 * 1024;
const TYPE = "application/offset+octet-stream";
const CAP_MS = 10_000;
/** Answers after which it is worth asking again where the upload stands: none, our trouble, another's turn. */
const PASSING = new Set([0, 409, 423, 429]);
/** Answers to an upload that is not there any more. */
const GONE = new Set([404, 410]);

/**
 * Sends `file`, however often it takes, until it is there or refused.
 *
 * @param {string} url where uploads are opened.
 * @param {File} file
 * @param {object} options
 * @param {string} [options.place] the address of an upload of this file that was begun before.
 * @param {(place: string) => void} options.opened hears the address of the upload.
 * @param {(fraction: number) => void} options.progress
 * @param {(waits: boolean) => void} options.waiting hears when it waits for the network, and when it goes on.
 * @param {AbortSignal} options.signal gives it up.
 * @returns {Promise<{id: string}>} what to name it by in a job.
 * @throws {RequestFailed}
 */
export async function uploadInParts(url, file, { place = "", opened, progress, waiting, signal }) {
  const going = { url, file, place, progress, signal };
  let failures = 0;
  let offset = null;
  signal.addEventListener("abort", () => going.place && ask("DELETE", going.place));
  for (;;) {
    const answer = await step(going, offset);
    if (answer.id) {
      return { id: answer.id };
    }
    if (answer.place) {
      going.place = answer.place;
      opened(answer.place);
    }
    failures = answer.offset > (offset ?? -1) ? 0 : failures + 1;
    offset = answer.offset;
    waiting(offset === null && failures > 0);
    if (offset === null && failures > 0) {
      await moment(backoff(failures, { cap: CAP_MS }), signal);
    }
    if (signal.aborted) {
      throw new RequestFailed(0, "");
    }
  }
}

/** Does the next thing: opens the upload, asks where it stands, or sends a part from `offset` on. */
async function step(going, offset) {
  const answer = await request(going, offset);
  const { status } = answer;
  if (status >= 200 && status < 300) {
    return told(answer);
  }
  if (going.place && GONE.has(status)) {
    going.place = "";
    return { offset: null };
  }
  if (PASSING.has(status) || status >= 500) {
    return { offset: null };
  }
  throw new RequestFailed(status, answer.responseText);
}

function request({ url, file, place, progress, signal }, offset) {
  if (!place) {
    return ask("POST", url, { "Upload-Length": file.size, "Upload-Metadata": `filename ${base64(file.name)}` });
  }
  if (offset === null) {
    return ask("HEAD", place);
  }
  const part = file.slice(offset, offset + PART_BYTES);
  const headers = { "Upload-Offset": offset, "Content-Type": TYPE };
  return ask("PATCH", place, headers, {
    part,
    signal,
    progress: (sent) => progress((offset + Math.min(sent, part.size)) / file.size),
  });
}

function told(answer) {
  return {
    id: answer.getResponseHeader("Upload-Id"),
    place: answer.getResponseHeader("Location"),
    offset: Number(answer.getResponseHeader("Upload-Offset")),
  };
}

/** XMLHttpRequest, as fetch can't tell how much of a part is sent. Its status is 0 when there is no answer. */
function ask(method, url, headers = {}, { part = null, progress = null, signal = null } = {}) {
  const asking = new XMLHttpRequest();
  asking.open(method, url);
  const all = { ...headers, "Tus-Resumable": "1.0.0", "X-CSRFToken": csrfToken() };
  Object.entries(all).forEach(([name, value]) => asking.setRequestHeader(name, value));
  if (progress) {
    asking.upload.onprogress = ({ loaded }) => progress(loaded);
  }
  const abort = () => asking.abort();
  signal?.addEventListener("abort", abort);
  return new Promise((resolve) => {
    asking.onloadend = () => {
      signal?.removeEventListener("abort", abort);
      resolve(asking);
    };
    asking.send(part);
  });
}

/** Waits so long; less when the network is back, or when it is given up. */
function moment(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    }
    window.addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}

function base64(text) {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}
