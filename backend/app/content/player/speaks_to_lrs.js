// Plays content that talks to the LRS itself (cmi5, xAPI), in the page or in a window of its own. This page only watches, so that what it has come to shows without a reload.

import { begin, boot, frame, hint, opened } from "./shell.js";

const LOOK_MS = 8_000;

setInterval(() => { if (document.visibilityState === "visible") hint("saved"); }, LOOK_MS);

// Where the course goes when it is done.
frame?.addEventListener("load", () => {
  try {
    if (frame.contentWindow.location.pathname.endsWith("/returned")) hint("finished");
  } catch { /* a page of another host */ }
});

document.getElementById("open")?.addEventListener("click", () => {
  const other = window.open(boot.address, "_blank");
  if (!other) return;
  opened(other);
  if (!frame) return;
  // Not twice at once: the two would write over each other's bookmark.
  frame.contentWindow.location.replace("about:blank");
  frame.hidden = true;
});
window.addEventListener("message", event => {
  if (event.origin === location.origin && event.data?.aada === "returned") hint("finished");
});

begin(null, () => false);
