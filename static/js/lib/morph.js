/**
 * Makes a part of the page look like a fresh one from the server by changing only what differs, so that
 * focus, selection, scroll places, open details and running transitions stay.
 *
 * Children are matched by their key (id, data-key, data-step, data-job), else by kind and order. What the
 * page's scripts keep stays: style and open of any element, what a custom element says of itself, and all of
 * an element that a person is in the middle of (data-busy). A custom element with a method `renew` takes its
 * fresh self by that, and may know better.
 */

import { align } from "../models/alignment.js";

const KEYS = ["id", "data-key", "data-step", "data-job"];
const KEPT = new Set(["style", "open"]);
const KEPT_BY_CUSTOM_ELEMENTS = new Set([...KEPT, "data-stale", "data-state"]);

/**
 * Morphs the children of `element` into those of `fresh`.
 *
 * @param {Element} element
 * @param {Element} fresh
 */
export function morphChildren(element, fresh) {
  const focused = document.activeElement;
  children(element, fresh);
  if (focused?.isConnected && focused !== document.activeElement) {
    focused.focus({ preventScroll: true });
  }
}

function children(element, fresh) {
  const old = [...element.childNodes];
  const wanted = [...fresh.childNodes];
  const staying = align(old.map(signature), wanted.map(signature)).map((index) => old[index]);
  const moving = moves(old, wanted, staying);
  const kept = new Set([...staying, ...moving]);
  old.filter((child) => !kept.has(child)).forEach((child) => child.remove());
  arrange(element, wanted, staying, moving);
}

/** From the last to the first, so that those that stay need not be touched. */
function arrange(element, wanted, staying, moving) {
  let next = null;
  for (let index = wanted.length - 1; index >= 0; index -= 1) {
    const match = staying[index] ?? moving[index];
    const child = match ?? document.importNode(wanted[index], true);
    if (!staying[index]) {
      element.insertBefore(child, next);
    }
    if (match) {
      node(match, wanted[index]);
    }
    next = child;
  }
}

/** For each of `wanted`, the child with its key that is there already, but elsewhere in the order. */
function moves(old, wanted, staying) {
  const stay = new Set(staying);
  const free = old.filter((child) => key(child) && !stay.has(child));
  const found = new Map(free.map((child) => [signature(child), child]));
  return wanted.map((child, index) => (staying[index] ? undefined : found.get(signature(child))));
}

/** What a node must share with another to become it. */
function signature(child) {
  return `${child.nodeName} ${key(child) ?? ""}`;
}

function key(element) {
  const name = KEYS.find((attribute) => element.hasAttribute?.(attribute));
  return name && `${name}=${element.getAttribute(name)}`;
}

function node(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) {
      old.nodeValue = fresh.nodeValue;
    }
  } else if (old.renew) {
    old.renew(fresh);
  } else if (!old.hasAttribute("data-busy")) {
    attributes(old, fresh);
    children(old, fresh);
  }
}

function attributes(old, fresh) {
  const kept = old.localName.includes("-") ? KEPT_BY_CUSTOM_ELEMENTS : KEPT;
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !kept.has(name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !kept.has(name)) {
      old.setAttribute(name, value);
    }
  }
}
