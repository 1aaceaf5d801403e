// A written lesson by itself: how far it was read, what its quiz comes to, and what of it the learning system is given.

import { connect, leave, save } from "./channel.js";
import { compared, fraction, numberOf, written } from "./exact.js";
import { goTo, reading } from "./reading.js";
import { overall } from "./results.js";

const DATA = globalThis.LESSON_DATA;
const RETRY_MS = 5_000;
const page = document.querySelector(".written");
const standing = document.getElementById("standing");
const note = document.getElementById("note");
const trouble = document.getElementById("trouble");
const begun = Date.now();
let kept = { end: false, done: false, place: 0, results: [], used: 0, attempt: null };
let pass = DATA.quiz ? fraction(DATA.quiz.pass_percent) : fraction(0);
let counts = false; // whether anything is kept
let ends = false; // whether the learning system waits for an end
let status = "incomplete";
let retry = 0;
let left = false;

export function data() {
  return DATA;
}

export function remembered() {
  return kept;
}

export function passPercent() {
  return pass;
}

// What the lesson comes to: read to its end, and the quiz passed if there is one.
export function judge() {
  const percent = DATA.quiz ? overall(kept.results, DATA.quiz.method) : null;
  // Whoever has passed stays so, also where a later attempt is what the score comes from.
  kept.done ||= percent !== null && compared(percent, pass) >= 0;
  if (!DATA.quiz) status = kept.end ? "completed" : "incomplete";
  else if (percent === null) status = "incomplete";
  else if (!kept.done) status = "failed";
  else status = kept.end ? "passed" : "incomplete";
  return status;
}

function outcome() {
  const percent = DATA.quiz ? overall(kept.results, DATA.quiz.method) : null;
  return {
    status: judge(),
    completed: kept.end && (!DATA.quiz || percent !== null),
    success: percent === null ? null : kept.done,
    attempts: kept.used - Number(kept.attempt !== null && !kept.attempt.over), // those that were submitted
    percent: percent === null ? null : written(percent),
    scaled: percent === null ? null : written(fraction(percent.n, percent.d * 100n)),
    place: String(kept.place),
    seconds: (Date.now() - begun) / 1000,
    // Short names: some learning systems keep 4,096 characters.
    text: JSON.stringify({ k: DATA.key, e: Number(kept.end), d: Number(kept.done), p: kept.place, r: kept.results, u: kept.used, a: kept.attempt && [
      kept.attempt.seed, kept.attempt.began, kept.attempt.answers, kept.attempt.checked, Number(kept.attempt.over),
    ] }),
  };
}

function restore(text) {
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    return; // nothing yet, or of another lesson
  }
  if (typeof value !== "object" || value === null || value.k !== DATA.key) return;
  const attempt = value.a && { seed: value.a[0], began: value.a[1], answers: value.a[2], checked: value.a[3], over: Boolean(value.a[4]) };
  kept = { end: Boolean(value.e), done: Boolean(value.d), place: value.p, results: value.r, used: value.u, attempt };
}

// Give the learning system everything; raises an Error where it does not take it.
export async function keep(interactions = []) {
  clearTimeout(retry);
  if (left) throw Object.assign(new Error("This session has ended. Open the lesson again."), { status: 410 });
  if (counts) await save({ ...outcome(), interactions });
  say(trouble, "");
  stands(["completed", "passed"].includes(status), status);
}

function keepSoon() {
  keep().catch(() => {
    say(trouble, "Not saved – retrying. Keep this page open.");
    clearTimeout(retry);
    if (!left) retry = setTimeout(keepSoon, RETRY_MS);
  });
}

function say(line, text) {
  line.hidden = !text;
  if (line.textContent !== text) line.textContent = text;
}

// What the quiz's page and the reading say; the learning system has been given it already.
export function hint() {}

export function stands(complete, stand) {
  const words = complete ? "You have completed this lesson."
    : stand === "failed" ? "You have not passed the quiz yet."
    : !DATA.quiz ? ""
    : kept.end ? "Now take the quiz." : "Read the text to its end to complete the lesson.";
  if (standing.textContent !== words) standing.textContent = words;
}

function goAway() {
  if (left) return;
  left = true;
  if (ends) leave(outcome(), counts);
}

function shut(text) {
  left = true;
  document.querySelector("[data-stage]").hidden = true;
  say(trouble, text);
}

try {
  const found = await connect(DATA);
  ({ counts, ends } = found);
  if (found.passPercent) pass = numberOf(found.passPercent) ?? pass;
  restore(found.text);
  if (found.note) say(note, found.note);
  if (found.exit) {
    const button = document.getElementById("exit");
    button.hidden = false;
    button.addEventListener("click", async () => {
      left = true;
      await found.exit(outcome(), counts);
    });
  }
} catch (error) {
  shut(error.message);
  throw error;
}
window.addEventListener("pagehide", goAway);
window.addEventListener("pageshow", event => { if (event.persisted) location.reload(); });
goTo(page, kept.place);
reading(page, { end: kept.end, place: kept.place }, at => {
  kept.end ||= at.end;
  kept.place = at.place;
  keepSoon();
});
judge();
keepSoon();
