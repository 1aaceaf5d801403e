// The captions as a text beside the film, and its chapters: each line jumps to its place.

import { clock } from "./film_controls.js";

function whenRead(track, use) {
  const element = [...document.querySelectorAll("track")].find(one => one.track === track);
  if (track.mode === "disabled") track.mode = "hidden";
  if (element.readyState === 2) use();
  else element.addEventListener("load", use, { once: true });
}

function fill(list, cues, film) {
  const lines = cues.map(cue => {
    const button = document.createElement("button");
    button.type = "button";
    const at = document.createElement("span");
    at.className = "at";
    at.textContent = clock(cue.startTime);
    const text = document.createElement("span");
    text.textContent = cue.getCueAsHTML().textContent.replace(/\s+/g, " ").trim();
    button.append(at, " ", text);
    button.addEventListener("click", () => { film.currentTime = cue.startTime + 0.001; });
    const line = document.createElement("li");
    line.append(button);
    return line;
  });
  list.replaceChildren(...lines);
  return lines.map(line => line.firstChild);
}

function mark(film, cues, buttons, list) {
  let current = -1;
  return () => {
    let at = -1;
    for (const [n, cue] of cues.entries()) if (cue.startTime <= film.currentTime) at = n;
    if (at === current) return;
    buttons[current]?.removeAttribute("aria-current");
    current = at;
    const line = buttons[at];
    line?.setAttribute("aria-current", "true");
    // Only the list itself is moved, and not under somebody who reads elsewhere in it.
    if (line && !film.paused && !list.contains(document.activeElement) && !list.matches(":hover")) {
      list.scrollTop = line.offsetTop - list.offsetTop - list.clientHeight / 3;
    }
  };
}

function show(section, list, track, film) {
  whenRead(track, () => {
    const cues = [...track.cues];
    const buttons = fill(list, cues, film);
    const follow = mark(film, cues, buttons, list);
    list.following?.abort();
    list.following = new AbortController();
    film.addEventListener("timeupdate", follow, { signal: list.following.signal });
    film.addEventListener("seeked", follow, { signal: list.following.signal });
    section.hidden = cues.length === 0;
    list.lang = track.language;
  });
}

export function showTranscript(film) {
  const section = document.getElementById("transcript");
  const chosen = document.getElementById("captions");
  if (!section) return;
  const tracks = [...film.textTracks].filter(track => track.kind === "captions");
  const now = () => show(section, document.getElementById("lines"), tracks[Number(chosen.value || 0)], film);
  chosen.addEventListener("chosen", () => { if (chosen.value !== "") now(); });
  now();
}

export function showChapters(film) {
  const section = document.getElementById("chapters");
  if (!section) return;
  const track = [...film.textTracks].find(one => one.kind === "chapters");
  show(section, document.getElementById("chapter-list"), track, film);
}
