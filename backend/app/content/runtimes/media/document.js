// Shows a document in our viewer and reports which of its pages were read. The viewer says so; see pdf_viewer.js.

import { Saving } from "./saving.js";
import { begin, boot, frame, hint, report } from "./shell.js";

const AWAY_MS = 5 * 60_000; // nobody reads a page for longer without touching anything
const PAGE = 1_000; // a page as a piece of its document
const { cmi } = boot;
const progress = document.getElementById("progress");
const completed = document.getElementById("completed"); // the one thing of it that is read aloud
const unread = document.getElementById("unread");
let counted = pagesIn(cmi.seen); // what the server has said counts
let said = []; // what it has been sent for that
let pages = [];
let place = cmi.place || 1;
let seconds = 0;
let touched = Date.now();
let done = cmi.done;

function pagesIn(pieces) {
  return pieces.flatMap(([start, end]) => Array.from({ length: (end - start) / PAGE }, (_, n) => start / PAGE + n + 1));
}

const saving = new Saving({
  url: "commit",
  lastSeq: boot.lastSeq,
  read: () => ({ pages, place, speed: 1, seconds: Math.floor(seconds / 10) * 10, events: [] }),
  session: () => null,
  report(kind, detail) {
    if (kind === "saved" && detail.counted) [counted, said] = [pagesIn(detail.counted), JSON.parse(saving.savedText).pages];
    if (kind === "saved" && detail.complete && !done) {
      done = true;
      hint("finished");
    }
    report(kind, detail);
    show();
  },
});

function left() {
  const known = new Set([...counted, ...pages.filter(page => !said.includes(page))]);
  return Array.from({ length: cmi.pages }, (_, n) => n + 1).filter(page => !known.has(page));
}

function show() {
  const rest = left();
  const count = cmi.pages - rest.length;
  progress.textContent = `${done ? "Completed. " : ""}${count} of ${cmi.pages} ${cmi.pages === 1 ? "page" : "pages"} read.`;
  if (done && !completed.textContent) completed.textContent = "Completed.";
  unread.hidden = rest.length === 0;
}

unread.addEventListener("click", () => {
  const rest = left();
  const next = rest.find(page => page > place) ?? rest[0];
  frame.contentWindow.postMessage({ go: next }, location.origin);
});

window.addEventListener("message", event => {
  if (event.origin !== location.origin || event.source !== frame.contentWindow || !event.data?.pages) return;
  touched = Date.now();
  pages = event.data.read;
  place = event.data.page;
  show();
  saving.changed();
});

frame.addEventListener("load", () => {
  for (const name of ["scroll", "pointerdown", "keydown"]) {
    frame.contentWindow.addEventListener(name, () => { touched = Date.now(); }, { capture: true, passive: true });
  }
});
setInterval(() => {
  if (document.visibilityState !== "visible" || Date.now() - touched > AWAY_MS) return;
  seconds += 1;
  if (seconds % 10 === 0) saving.changed();
}, 1_000);

show();
saving.begun();
if (place > 1) boot.address += `#page=${place}`;
begin(saving, () => true);
