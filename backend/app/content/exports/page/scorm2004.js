// SCORM 2004.

import { alone, findApi, onlyShown } from "./scorm_api.js";

const LONGEST = 250;
let api = null;
let count = 0;
const written = new WeakSet();

function get(element) {
  return String(api.GetValue(element) ?? "");
}

function set(element, value) {
  return String(api.SetValue(element, String(value))) === "true";
}

function must(element, value) {
  if (!set(element, value)) throw new Error("The learning system did not save what you did.");
}

function span(seconds) {
  const hundredths = Math.floor(seconds * 100);
  return `PT${Math.floor(hundredths / 360_000)}H${Math.floor(hundredths / 6000) % 60}M${(hundredths % 6000) / 100}S`;
}

export async function connect(data) {
  api = findApi("API_1484_11");
  if (!api) return alone();
  if (String(api.Initialize("")) !== "true") throw new Error("The learning system did not open the lesson. Close it and open it again.");
  if (["review", "browse"].includes(get("cmi.mode"))) return onlyShown(get("cmi.suspend_data"));
  count = Number.parseInt(get("cmi.interactions._count"), 10) || 0;
  if (["unknown", "not attempted", ""].includes(get("cmi.completion_status"))) set("cmi.completion_status", "incomplete");
  set("cmi.exit", "suspend");
  const asked = data.quiz ? Number(get("cmi.scaled_passing_score") || Number.NaN) : Number.NaN;
  return {
    counts: true,
    ends: true,
    text: get("cmi.suspend_data"),
    note: "",
    // The learning system may ask for another pass mark than the lesson; the statuses have to agree with it.
    passPercent: asked >= 0 && asked <= 1 ? String(Number((asked * 100).toFixed(5))) : null,
  };
}

function words(one) {
  const name = id => one.names[id] ?? id;
  if (one.type === "numeric") {
    const [{ low, high }] = one.right;
    return { response: one.response, right: [`${low}[:]${high}`] };
  }
  const way = value => value.map(part => (one.type === "matching" ? part.map(name).join("[.]") : name(part))).join("[,]");
  return { response: one.response && way(one.response), right: one.right.map(way) };
}

function interact(one) {
  const at = `cmi.interactions.${count}`;
  if (!set(`${at}.id`, one.id)) return;
  count += 1;
  const { response, right } = words(one);
  set(`${at}.type`, one.type);
  // Hundredths of a second: some learning systems read a zone only behind them.
  set(`${at}.timestamp`, `${one.at.toISOString().slice(0, 22)}Z`);
  right.forEach((pattern, n) => set(`${at}.correct_responses.${n}.pattern`, pattern));
  set(`${at}.weighting`, one.points);
  if (response) set(`${at}.learner_response`, response);
  set(`${at}.result`, one.share === 1 ? "correct" : one.share === 0 ? "incorrect" : one.share);
  set(`${at}.description`, one.description.slice(0, LONGEST));
}

export async function save(now) {
  must("cmi.suspend_data", now.text);
  set("cmi.location", now.place);
  if (now.percent !== null) {
    set("cmi.score.min", "0");
    set("cmi.score.max", "100");
    set("cmi.score.raw", now.percent);
    must("cmi.score.scaled", now.scaled);
    must("cmi.success_status", now.success ? "passed" : "failed");
  }
  must("cmi.completion_status", now.completed ? "completed" : "incomplete");
  for (const one of now.interactions) {
    if (written.has(one)) continue;
    written.add(one);
    interact(one);
  }
  if (String(api.Commit("")) !== "true") throw new Error("The learning system did not save what you did.");
}

export function leave(now, counts) {
  if (counts) {
    set("cmi.suspend_data", now.text);
    set("cmi.location", now.place);
    set("cmi.session_time", span(now.seconds));
  }
  api.Terminate("");
}
