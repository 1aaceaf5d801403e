// Plays a film of another server in that server's player, and reports what was played of it. What that amounts to, our
// own server says.

import { PLAYERS } from "./linked_players.js";
import { Saving } from "./saving.js";
import { begin, boot, hint, report } from "./shell.js";
import { merged, total, Watched, without } from "./watched.js";

const EVERY_MS = 10_000; // what is lost at most when the browser is killed
const ANSWER_MS = 15_000;
const NEAR_END_MS = 3_000;
const { cmi } = boot;
const Kind = PLAYERS[cmi.provider];
const frame = document.getElementById("film");
const progress = document.getElementById("progress");
const completed = document.getElementById("completed");
const problem = document.getElementById("problem");
const watched = new Watched();
let events = [];
let number = boot.lastSeq * 1_000; // goes on where this page was opened before
let acknowledged = 0;
let counted = cmi.seen; // what the server has said counts
let said = []; // what it has been sent for that
let done = cmi.done;
let place = cmi.place;
let speed = 1;
let playing = false;
let silent = true;

const read = () => ({ seen: watched.within(cmi.length), place, speed, seconds: Math.floor(watched.seconds), events });

function note(name) {
  number += 1;
  events = [...events.filter(one => one.n > acknowledged), { n: number, name, at: Date.now(), place }].slice(-100);
}

const saving = new Saving({
  url: "commit",
  lastSeq: boot.lastSeq,
  read,
  session: () => null,
  report(kind, detail) {
    if (kind === "saved") {
      const sent = JSON.parse(saving.savedText);
      acknowledged = Math.max(acknowledged, ...sent.events.map(one => one.n));
      if (detail.counted) [counted, said] = [detail.counted, sent.seen];
      if (detail.complete && !done) {
        done = true;
        hint("finished");
      }
    }
    report(kind, detail);
    show();
  },
});

function show() {
  const seen = merged([...counted, ...without(watched.within(cmi.length), said)]);
  const share = cmi.length ? Math.floor(100 * total(seen) / cmi.length) : 0;
  progress.textContent = `${done ? "Completed. " : ""}${Math.min(share, 100)}% watched.`;
  if (done && !completed.textContent) completed.textContent = "Completed.";
}

function trouble(text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

function heard(news) {
  if (silent) trouble("");
  silent = false;
  if (news.speed >= 0.25 && news.speed <= 2) speed = news.speed;
  if (Number.isFinite(news.time) && news.time >= 0) {
    place = Math.min(Math.round(news.time * 1000), cmi.length);
    if (playing) watched.plays(place, speed);
  }
  if (news.length && boot.preview && Math.abs(news.length * 1000 - cmi.length) > 2_000) {
    trouble(`By its own server the film lasts ${Math.round(news.length)} seconds, by this lesson `
      + `${Math.round(cmi.length / 1000)}. Enter the right length on the page of the lesson’s file.`);
  }
  if (news.playing !== undefined && news.playing !== playing) {
    playing = news.playing;
    if (playing) watched.plays(place, speed);
    else watched.stops(news.ended ? Math.max(place, cmi.length) : place);
    note(playing ? "played" : "paused");
    saving.changed();
  }
  show();
}

function open() {
  if (boot.outside[cmi.host]) {
    frame.hidden = true;
    trouble(`This film is on ${cmi.host}, which your school has not allowed. It cannot be shown. Ask your instructor.`);
    return;
  }
  new Kind(frame, cmi.host, heard);
  const resumes = place > NEAR_END_MS && place < cmi.length - NEAR_END_MS;
  frame.src = Kind.from(boot.address, resumes ? Math.floor(place / 1000) : 0);
  setTimeout(() => {
    if (silent) {
      trouble(`${cmi.host} does not answer. Check your connection; it may be blocked where you are, or the film may have `
        + "been taken away. What you have watched is saved.");
    }
  }, ANSWER_MS);
}

setInterval(() => { if (playing) saving.changed(); }, EVERY_MS);
show();
saving.begun();
note("initialized");
begin(saving, () => true);
open();
