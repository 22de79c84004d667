/** The entry: gives the page's elements their behaviour, and begins to bring their news. */

import { ConfirmButton } from "./components/confirm-button.js";
import { ConnectionState } from "./components/connection-state.js";
import { CopyButton } from "./components/copy-button.js";
import { DropZone } from "./components/drop-zone.js";
import { FreshPart } from "./components/fresh-part.js";
import { JobCard } from "./components/job-card.js";
import { JobDraft } from "./components/job-draft.js";
import { JobView } from "./components/job-view.js";
import { LivePart } from "./components/live-part.js";
import { NotificationBell } from "./components/notification-bell.js";
import { PageMessage } from "./components/page-message.js";
import { ThemeToggle } from "./components/theme-toggle.js";
import { TimeZone } from "./components/time-zone.js";
import { ToastNotice, ToastRegion } from "./components/toast.js";
import { bus } from "./lib/bus.js";
import { Inbox } from "./lib/inbox.js";
import { linesTo } from "./lib/lines/choice.js";
import { PageNews } from "./lib/page-news.js";
import { follow } from "./lib/wake.js";
import { cursorFrom } from "./models/cursor.js";

const ELEMENTS = {
  "confirm-button": ConfirmButton,
  "connection-state": ConnectionState,
  "copy-button": CopyButton,
  "drop-zone": DropZone,
  "fresh-part": FreshPart,
  "job-card": JobCard,
  "job-draft": JobDraft,
  "job-view": JobView,
  "live-part": LivePart,
  "notification-bell": NotificationBell,
  "page-message": PageMessage,
  "theme-toggle": ThemeToggle,
  "time-zone": TimeZone,
  "toast-region": ToastRegion,
  "toast-notice": ToastNotice,
};

/** Listeners come first, so that nothing is told before they listen. */
for (const [name, element] of Object.entries(ELEMENTS)) {
  customElements.define(name, element);
}

const { stream, epoch, seq, socket, poll } = document.body.dataset;

if (stream) {
  const inbox = new Inbox({ [stream]: cursorFrom(epoch, seq) }, (topic, frame) => bus.publish(topic, frame));
  const socketUrl = String(new URL(socket, location.href)).replace(/^http/, "ws");
  const site = { stream, socketUrl, pollUrl: poll };
  const news = new PageNews({
    site,
    inbox,
    lines: linesTo(site),
    publish: (state) => bus.publish("connection", state),
  });
  follow(news);
  news.start();
}
