// SCORM 1.2.

import { alone, findApi, onlyShown } from "./scorm_api.js";

const LONGEST = 255;
let api = null;
let count = 0;
let records = true; // interactions, which a learning system may leave out
const written = new WeakSet();

function get(element) {
  return String(api.LMSGetValue(element) ?? "");
}

function set(element, value) {
  return String(api.LMSSetValue(element, String(value))) === "true";
}

function must(element, value) {
  if (!set(element, value)) throw new Error("The learning system did not save what you did.");
}

function span(seconds) {
  const two = number => String(Math.floor(number)).padStart(2, "0");
  const hundredths = Math.floor(seconds * 100);
  return `${String(Math.floor(hundredths / 360_000)).padStart(4, "0")}:${two(hundredths / 6000 % 60)}:${two(hundredths / 100 % 60)}.${two(hundredths % 100)}`;
}

export async function connect() {
  api = findApi("API");
  if (!api) return alone();
  if (String(api.LMSInitialize("")) !== "true") throw new Error("The learning system did not open the lesson. Close it and open it again.");
  if (["review", "browse"].includes(get("cmi.core.lesson_mode"))) return onlyShown(get("cmi.suspend_data"));
  count = Number.parseInt(get("cmi.interactions._count"), 10);
  records = Number.isInteger(count);
  if (["not attempted", ""].includes(get("cmi.core.lesson_status"))) set("cmi.core.lesson_status", "incomplete");
  // Whoever opens the lesson again goes on where they were, also where the page ends without a word.
  set("cmi.core.exit", "suspend");
  return { counts: true, ends: true, text: get("cmi.suspend_data"), note: "" };
}

// Names of one character each, as the standard wants them; longer ones only fit where anything may be written.
function words(one) {
  const { type, response } = one;
  const way = value => (type === "numeric" ? value : value.map(part => (type === "matching" ? part.join(".") : part)).join(","));
  const short = [...one.targets, ...one.sources].every(name => name.length === 1);
  return {
    type: short || type === "numeric" ? type : "fill-in",
    response: response === null ? null : way(response),
    right: one.right.map(key => way(type === "numeric" ? key.value : key)),
  };
}

function interact(one) {
  const at = `cmi.interactions.${count}`;
  const { type, response, right } = words(one);
  if (!set(`${at}.id`, one.id)) {
    records = false;
    return;
  }
  count += 1;
  set(`${at}.type`, type);
  right.forEach((pattern, n) => set(`${at}.correct_responses.${n}.pattern`, pattern.slice(0, LONGEST)));
  set(`${at}.weighting`, one.points);
  if (response) set(`${at}.student_response`, response.slice(0, LONGEST));
  set(`${at}.result`, one.share === 1 ? "correct" : one.share === 0 ? "wrong" : one.share);
  set(`${at}.time`, one.at.toTimeString().slice(0, 8));
}

export async function save(now) {
  must("cmi.suspend_data", now.text);
  set("cmi.core.lesson_location", now.place);
  if (now.percent !== null) {
    set("cmi.core.score.min", "0");
    set("cmi.core.score.max", "100");
    must("cmi.core.score.raw", now.percent);
  }
  must("cmi.core.lesson_status", now.status);
  for (const one of now.interactions) {
    if (!records || written.has(one)) continue;
    written.add(one);
    interact(one);
  }
  if (String(api.LMSCommit("")) !== "true") throw new Error("The learning system did not save what you did.");
}

export function leave(now, counts) {
  if (counts) {
    set("cmi.suspend_data", now.text);
    set("cmi.core.lesson_location", now.place);
    set("cmi.core.session_time", span(now.seconds));
  }
  api.LMSFinish("");
}
