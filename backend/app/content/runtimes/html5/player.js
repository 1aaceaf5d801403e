// Shows plain web pages, which report nothing: how long they were looked at is all there is to save.

import { Saving } from "./saving.js";
import { begin, boot, frame, report } from "./shell.js";

const COUNT_MS = 1_000;
const SAVE_MS = 60_000;
let seconds = 0;
let shown = false;

const saving = new Saving({
  url: "commit",
  lastSeq: boot.lastSeq,
  read: () => ({ seconds, shown }),
  report,
  session: () => null,
});

frame.addEventListener("load", () => {
  try {
    if (frame.contentWindow.location.href === "about:blank") return;
  } catch { /* a page of another host */ }
  if (shown) return;
  shown = true;
  saving.changed();
});
setInterval(() => { if (shown && document.visibilityState === "visible") seconds += COUNT_MS / 1_000; }, COUNT_MS);
setInterval(() => { if (shown && saving.unsaved) saving.changed(); }, SAVE_MS);

begin(saving, () => shown);
