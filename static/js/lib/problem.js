/** What the server's answer to a request that failed means to a person, in a sentence. */

const SENTENCES = {
  0: "The server did not answer. Check the connection, then try again.",
  401: "You are signed out. Sign in again, then try once more.",
  403: "You are signed out, or may not do this. Sign in again, then try once more.",
  413: "The file is larger than the server takes.",
  429: "Too much at once. Wait a moment, then try again.",
};

/**
 * @param {number} status of the answer, 0 when there was none.
 * @param {string} text the answer's body: problem details (RFC 9457), or whatever a proxy said.
 */
export function sentence(status, text) {
  const problem = parsed(text);
  const details = (problem.errors ?? []).map((error) => error.message).filter(Boolean);
  const told = [problem.detail || problem.title, ...details].filter(Boolean);
  return [...new Set(told)].join(" ") || SENTENCES[status] || unexpected(status);
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

function unexpected(status) {
  return `The server could not do it (${status}). Try again in a moment.`;
}
