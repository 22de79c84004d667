/** The shared worker: an exchange for the pages of the person that its name tells. */

import { Exchange } from "./lib/exchange.js";

const ports = new Map();

const exchange = new Exchange({
  site: JSON.parse(self.name).site,
  post: (news) => addressees(news).forEach((page) => ports.get(page)?.postMessage(news)),
  gone: (page) => ports.delete(page),
});

self.addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    ports.set(data.from, port);
    exchange.hear(data);
  };
});

function addressees({ to }) {
  return to ? [to] : exchange.pages;
}
