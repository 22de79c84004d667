/** Cross-site request forgery: what proves that a change comes from our own page. */

/** The CSRF token that Django wants back with every change: from the page, else from its cookie. */
export function csrfToken() {
  const field = document.querySelector("meta[name=csrf-token]")?.content;
  return field || document.querySelector("input[name=csrfmiddlewaretoken]")?.value || cookie("csrftoken");
}

function cookie(name) {
  const pair = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : "";
}
