// Shows a written lesson and reports how far it was read: the end counts as read when it was on the screen for a moment.

import { Saving } from "./saving.js";
import { begin, boot, hint, report } from "./shell.js";

const AWAY_MS = 5 * 60_000; // nobody reads for longer without touching anything
const SEEN_MS = 1_000;
const { cmi } = boot;
const page = document.querySelector(".written");
const standing = document.getElementById("standing");
let end = cmi.end;
let place = cmi.place;
let seconds = 0;
let touched = Date.now();
let done = cmi.done;
let timer = 0;

const saving = new Saving({
  url: "commit",
  lastSeq: boot.lastSeq,
  read: () => ({ end, place, seconds: Math.floor(seconds / 10) * 10 }),
  session: () => null,
  report(kind, detail) {
    if (kind === "saved") stands(detail.complete, detail.status);
    report(kind, detail);
  },
});

// What the server says the lesson comes to; said once.
export function stands(complete, status) {
  if (complete && !done) {
    done = true;
    hint("finished");
  }
  const quizLeft = cmi.quiz && end && status === "incomplete";
  const readLeft = cmi.quiz && !end && status === "incomplete";
  const words = done ? "You have completed this lesson."
    : status === "failed" ? "You have not passed the quiz yet."
    : quizLeft ? "Now take the quiz."
    : readLeft ? "Read the text to its end to complete the lesson." : "";
  if (standing.textContent !== words) standing.textContent = words;
}

new IntersectionObserver(([seen]) => {
  clearTimeout(timer);
  if (!seen.isIntersecting || end) return;
  timer = setTimeout(() => {
    if (document.visibilityState !== "visible") return;
    end = true;
    saving.changed();
  }, SEEN_MS);
}, { root: page }).observe(document.getElementById("end"));

page.addEventListener("scroll", () => {
  touched = Date.now();
  const most = page.scrollHeight - page.clientHeight;
  place = most > 0 ? Math.min(1000, Math.max(0, Math.round((page.scrollTop / most) * 1000))) : 0;
}, { passive: true });
for (const name of ["pointerdown", "keydown"]) {
  window.addEventListener(name, () => { touched = Date.now(); }, { capture: true, passive: true });
}
setInterval(() => {
  if (document.visibilityState !== "visible" || Date.now() - touched > AWAY_MS) return;
  seconds += 1;
  if (seconds % 10 === 0) saving.changed();
}, 1_000);

if (done) standing.textContent = "You have completed this lesson.";
else if (place > 0) page.scrollTop = (place / 1000) * (page.scrollHeight - page.clientHeight);
saving.begun();
begin(saving, () => true);
if (cmi.quiz) import("./quiz.js");
