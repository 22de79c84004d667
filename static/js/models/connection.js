/**
 * How fresh news are, as a state machine.
 *
 * connecting   no socket yet, or just lost: soon
 * catching-up  the socket is open, missed events are on their way
 * live         every event arrives as it happens
 * polling      no socket to be had, events arrive by long-poll
 * offline      neither; it goes on trying
 * signed-out   the server refused; it does not try again
 *
 * @typedef {object} State
 * @property {"connecting"|"catching-up"|"live"|"polling"|"offline"|"signed-out"} name
 * @property {number | null} since the moment (ms) from which news may be missing; null while none is.
 * @property {number} losses connections lost in a row without having caught up between them.
 * @property {string} message what the server said when it refused.
 */

const LOSSES_UNTIL_OFFLINE = 2;
const FRESH = new Set(["live", "polling"]);
/** In these a page misses news even if it was drawn after they began. */
const LASTING = new Set(["offline", "signed-out"]);

/** @type {State} */
export const INITIAL = Object.freeze({ name: "connecting", since: null, losses: 0, message: "" });

const MOVES = {
  started: (state) => ({ ...state, name: "connecting", losses: 0, message: "" }),
  welcome: (state) => ({ ...state, name: "catching-up" }),
  behind: (state, { at }) => ({ ...state, name: "catching-up", since: state.since ?? at }),
  "caught-up": (state) => fresh(state, "live"),
  lost: (state, news) => (state.name === "polling" ? state : without(state, news)),
  polled: (state) => fresh(state, "polling"),
  "poll-lost": (state, news) => (state.name === "polling" ? without(state, news) : state),
  left: (state, { at }) => ({ ...state, since: state.since ?? at }),
  refused: (state, { at, message }) => ({ ...state, name: "signed-out", since: state.since ?? at, message }),
};

/**
 * The state after `news`. Out of "signed-out" only a new start leads.
 *
 * @param {State} state
 * @param {{type: string, at?: number, online?: boolean, message?: string}} news `at`: when news last were
 *   known to be whole; `online`: false when the browser knows of no network.
 * @returns {State}
 */
export function after(state, news) {
  return state.name === "signed-out" && news.type !== "started" ? state : MOVES[news.type](state, news);
}

/** Whether what the page shows may be out of date. */
export function isStale(state) {
  return state.since !== null;
}

/**
 * The state as it is for one of the pages that share a connection: a page may lack what others have, and
 * nothing from before it was drawn.
 *
 * @param {State} state of the connection.
 * @param {{drawn: number, lacksSince: number | null}} page when the server drew it, and the moment from
 *   which it lacks what the connection brought, in milliseconds.
 * @returns {State}
 */
export function onPage(state, { drawn, lacksSince }) {
  if (lacksSince !== null) {
    const name = FRESH.has(state.name) ? "catching-up" : state.name;
    return { ...state, name, since: lacksSince };
  }
  if (state.since === null || state.since > drawn) {
    return state;
  }
  return { ...state, since: LASTING.has(state.name) ? drawn : null };
}

/** Whether two states say the same to a person. */
export function isSame(state, other) {
  const parts = ["name", "since", "message"];
  return parts.every((part) => state?.[part] === other?.[part]);
}

/**
 * The state in words.
 *
 * @param {State} state
 * @param {(at: number) => string} clock a moment as people read it, such as "14:03".
 */
export function describe(state, clock) {
  const since = state.since === null ? "" : clock(state.since);
  switch (state.name) {
    case "live":
      return "Live";
    case "polling":
      return "Live, with a short delay";
    case "catching-up":
      return "Catching up…";
    case "connecting":
      return since ? "Reconnecting…" : "Connecting…";
    case "offline":
      return `Offline since ${since}. Reconnecting by itself.`;
    default:
      return `No news since ${since}. ${state.message || "You are signed out. Sign in again."}`;
  }
}

function fresh(state, name) {
  return state.name === name && !isStale(state) ? state : { name, since: null, losses: 0, message: "" };
}

function without(state, { at, online = true }) {
  const losses = state.losses + 1;
  const soon = online && losses < LOSSES_UNTIL_OFFLINE && state.name !== "polling";
  const name = soon ? "connecting" : "offline";
  return { ...state, name, losses, since: state.since ?? at };
}
