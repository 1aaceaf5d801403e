// Shows a written lesson and reports how far it was read.

import { goTo, reading } from "./reading.js";
import { Saving } from "./saving.js";
import { begin, boot, hint, report } from "./shell.js";

const { cmi } = boot;
const page = document.querySelector(".written");
const standing = document.getElementById("standing");
let done = cmi.done;

const now = reading(page, cmi, () => saving.changed());
const saving = new Saving({
  url: "commit",
  lastSeq: boot.lastSeq,
  read: () => ({ end: now.end, place: now.place, seconds: Math.floor(now.seconds / 10) * 10 }),
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
  const quizLeft = cmi.quiz && now.end && status === "incomplete";
  const readLeft = cmi.quiz && !now.end && status === "incomplete";
  const words = done ? "You have completed this lesson."
    : status === "failed" ? "You have not passed the quiz yet."
    : quizLeft ? "Now take the quiz."
    : readLeft ? "Read the text to its end to complete the lesson." : "";
  if (standing.textContent !== words) standing.textContent = words;
}

if (done) standing.textContent = "You have completed this lesson.";
else goTo(page, now.place);
saving.begun();
begin(saving, () => true);
if (cmi.quiz) import("./quiz.js");
