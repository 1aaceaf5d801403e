// Plays a film or recording and reports what was played of it. What that amounts to, the server says.

import { Saving } from "./saving.js";
import { begin, boot, hint, report } from "./shell.js";
import { bind, clock } from "./film_controls.js";
import { showChapters, showTranscript } from "./transcript.js";
import { merged, total, Watched, without } from "./watched.js";

const EVERY_MS = 10_000; // what is lost at most when the browser is killed
const { cmi } = boot;
const film = document.getElementById("film");
const progress = document.getElementById("progress");
const completed = document.getElementById("completed"); // the one thing of it that is read aloud
const problem = document.getElementById("problem");
const watched = new Watched();
let events = [];
let number = boot.lastSeq * 1_000; // goes on where this page was opened before
let acknowledged = 0;
let counted = cmi.seen; // what the server has said counts
let said = []; // what it has been sent for that
let resuming = false;
let done = cmi.done;
let offered = done;
let cameFrom = null; // where a jump began
let place = cmi.place;

const now = () => Math.round(film.currentTime * 1000);

function read() {
  return { seen: watched.within(cmi.length), place, speed: film.playbackRate, seconds: Math.floor(watched.seconds), events };
}

// What has been taken by the server is said no more.
function note(name, more = {}) {
  number += 1;
  events = [...events.filter(one => one.n > acknowledged), { n: number, name, at: Date.now(), place: now(), ...more }].slice(-100);
}

const saving = new Saving({
  url: "commit",
  lastSeq: boot.lastSeq,
  read,
  session: () => null,
  report(kind, detail) {
    if (kind === "saved") {
      acknowledged = Math.max(acknowledged, ...JSON.parse(saving.savedText).events.map(one => one.n));
      if (detail.counted) [counted, said] = [detail.counted, JSON.parse(saving.savedText).seen];
      if (detail.complete) complete();
    }
    report(kind, detail);
    show();
  },
});

function save() {
  place = now();
  saving.changed();
}

function complete() {
  done = true;
  if (!offered && film.ended) {
    offered = true;
    hint("finished");
  }
}

function show() {
  const seen = merged([...counted, ...without(watched.within(cmi.length), said)]);
  const share = cmi.length ? Math.floor(100 * total(seen) / cmi.length) : 0;
  const word = document.getElementById("player-box").classList.contains("audio") ? "listened to" : "watched";
  progress.textContent = `${done ? "Completed. " : ""}${Math.min(share, 100)}% ${word}.`;
  if (done && !completed.textContent) completed.textContent = "Completed.";
}

// What was played

film.addEventListener("playing", () => {
  watched.plays(now(), film.playbackRate);
  note("played");
  save();
});
film.addEventListener("timeupdate", () => {
  if (!film.paused && !film.seeking) watched.plays(now(), film.playbackRate);
  place = now();
  show();
});
film.addEventListener("pause", () => {
  watched.stops(film.ended ? Math.max(now(), cmi.length) : now());
  note("paused");
  save();
});
film.addEventListener("seeking", () => {
  if (resuming) return;
  cameFrom ??= place;
  watched.stops();
});
film.addEventListener("seeked", () => {
  if (resuming) {
    resuming = false;
    return;
  }
  note("seeked", { from: cameFrom ?? place });
  cameFrom = null;
  if (!film.paused) watched.plays(now(), film.playbackRate);
  save();
});
film.addEventListener("ratechange", save);
film.addEventListener("ended", () => {
  watched.stops(Math.max(now(), cmi.length));
  save();
  if (done) complete();
});
film.addEventListener("error", () => {
  problem.textContent = "This cannot be played right now. Check your connection and open the lesson again; "
    + "what you have watched is saved.";
  problem.hidden = false;
});
setInterval(() => { if (!film.paused) save(); }, EVERY_MS);

// Where the student was

function resume() {
  if (cmi.speed) film.playbackRate = cmi.speed;
  if (cmi.place < 3_000 || cmi.place > cmi.length - 3_000) return;
  resuming = true;
  film.currentTime = cmi.place / 1000;
  const line = document.getElementById("resumed");
  line.querySelector("span").textContent = `Continues at ${clock(cmi.place / 1000)}.`;
  line.hidden = false;
  document.getElementById("restart").addEventListener("click", () => {
    film.currentTime = 0;
    line.hidden = true;
    film.focus();
  });
  film.addEventListener("playing", () => { line.hidden = true; }, { once: true });
}

if (film.readyState >= 1) resume();
else film.addEventListener("loadedmetadata", resume, { once: true });
bind(film, cmi.length);
showTranscript(film);
showChapters(film);
show();
saving.begun();
note("initialized");
begin(saving, () => true);
