/**
 * Files whose way here was not finished: kept in IndexedDB, so that a page that is loaded again goes on with
 * its own one, and so that a file that is chosen again goes on where it was.
 *
 * Where a browser keeps nothing (a private window), all of this does nothing.
 *
 * @typedef {object} Unfinished
 * @property {string} name its key: of whom and which file it is.
 * @property {File} file
 * @property {string} place the address of the upload; "" if it was not opened yet.
 * @property {object} request what the job's request has besides the upload.
 * @property {string} key the Idempotency-Key of that request.
 * @property {number} at when it was kept, in milliseconds.
 */

const DATABASE = "shipspeak-uploads";
const STORE = "unfinished";
const OURS = "shipspeak-upload";
const KEPT_MS = 24 * 60 * 60 * 1000;

/** The name of this person's upload of `file`. */
export function nameOf({ name, size, lastModified }) {
  return [document.body.dataset.user ?? "", name, size, lastModified].join("/");
}

/** Keeps an upload; it is this tab's own one from now on. @param {Unfinished} unfinished */
export async function keep(unfinished) {
  session((storage) => storage.setItem(OURS, unfinished.name));
  await inStore("readwrite", (store) => store.put({ ...unfinished, at: Date.now() }));
}

/** The upload of this name. @returns {Promise<Unfinished | undefined>} */
export async function find(name) {
  const found = await inStore("readonly", (store) => store.get(name));
  return found && Date.now() - found.at < KEPT_MS ? found : undefined;
}

/** What this tab was at when it was loaded again. @returns {Promise<Unfinished | undefined>} */
export async function ours() {
  const name = session((storage) => storage.getItem(OURS));
  await forgetOld();
  return name?.startsWith(`${document.body.dataset.user ?? ""}/`) ? find(name) : undefined;
}

/** Drops an upload that is finished, refused or given up. */
export async function forget(name) {
  session((storage) => storage.removeItem(OURS));
  await inStore("readwrite", (store) => store.delete(name));
}

async function forgetOld() {
  const all = (await inStore("readonly", (store) => store.getAll())) ?? [];
  const old = all.filter(({ at }) => Date.now() - at >= KEPT_MS);
  await Promise.all(old.map(({ name }) => inStore("readwrite", (store) => store.delete(name))));
}

/** What `work` asks of the store; undefined when there is none. */
async function inStore(mode, work) {
  const database = await opened();
  if (!database) {
    return undefined;
  }
  try {
    return await answer(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function opened() {
  return new Promise((resolve) => {
    const request = session(() => indexedDB.open(DATABASE, 1));
    if (!request) {
      resolve(null);
      return;
    }
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "name" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  });
}

/** The result, or undefined when the browser refuses, such as for want of room. */
function answer(request) {
  return new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      event.preventDefault();
      resolve(undefined);
    };
  });
}

/** What `work` gives; undefined where the browser keeps nothing, and says so by an exception. */
function session(work) {
  try {
    return work(globalThis.sessionStorage);
  } catch (error) {
    if (error instanceof DOMException || error instanceof ReferenceError) {
      return undefined;
    }
    throw error;
  }
}
