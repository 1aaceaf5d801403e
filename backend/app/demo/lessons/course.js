// A small course on the SCORM 1.2 run-time: pages, five questions, a score; it goes on where the learner left.
(function () {
  "use strict";

  function findApi(from) {
    for (let depth = 0, win = from; win && depth < 10; depth += 1) {
      if (win.API) return win.API;
      if (win.parent === win) break;
      win = win.parent;
    }
    return null;
  }

  const api = findApi(window) || (window.opener && findApi(window.opener));
  const began = Date.now();
  const sections = [...document.querySelectorAll("[data-page]")];
  const names = sections.map((section) => section.dataset.page);
  const form = document.getElementById("questions");
  const fields = [...form.querySelectorAll("fieldset")];
  const back = document.getElementById("back");
  const next = document.getElementById("next");
  let state = { page: names[0], answers: {} };
  let ended = false;

  const get = (name) => (api ? api.LMSGetValue(name) : "");
  const set = (name, value) => { if (api && !ended) api.LMSSetValue(name, String(value)); };

  function sessionTime() {
    const seconds = Math.round((Date.now() - began) / 1000);
    const two = (number) => String(number).padStart(2, "0");
    return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }

  function save() {
    set("cmi.suspend_data", JSON.stringify(state));
    set("cmi.core.lesson_location", state.page);
    set("cmi.core.session_time", sessionTime());
    if (api && !ended) api.LMSCommit("");
  }

  function show(name, focus) {
    const index = Math.max(0, names.indexOf(name));
    state.page = names[index];
    sections.forEach((section, place) => { section.hidden = place !== index; });
    const last = sections.length - 1;
    document.getElementById("place").textContent = index === last ? "Result" : `Page ${index + 1} of ${last}`;
    const bar = document.getElementById("bar");
    bar.max = last;
    bar.value = index;
    back.hidden = index === 0;
    next.hidden = index >= last - 1;
    if (focus) {
      sections[index].querySelector("h1").focus();
      window.scrollTo(0, 0);
    }
  }

  function go(name) {
    show(name, true);
    save();
  }

  function showResult(score) {
    const passed = score >= 80;
    document.getElementById("result").textContent = passed
      ? `You passed with ${score}%. You can leave the lesson now.`
      : `You have ${score}%; 80% passes. Read the reasons, look at the pages again, and have another try.`;
    const reasons = document.getElementById("reasons");
    reasons.replaceChildren(...fields.map((field) => {
      const item = document.createElement("li");
      item.textContent = JSON.parse(field.dataset.key).why;
      return item;
    }));
    document.getElementById("again").hidden = passed;
  }

  function check(event) {
    event.preventDefault();
    const chosen = fields.map((field) => field.querySelector("input:checked"));
    const missing = chosen.findIndex((input) => !input);
    const note = document.getElementById("missing");
    note.textContent = missing < 0 ? "" : `Question ${missing + 1} has no answer yet.`;
    if (missing >= 0) {
      fields[missing].querySelector("input").focus();
      return;
    }
    const right = chosen.filter((input, place) => Number(input.value) === JSON.parse(fields[place].dataset.key).right);
    const score = Math.round((100 * right.length) / fields.length);
    state.score = Math.max(score, state.score || 0);
    set("cmi.core.score.min", 0);
    set("cmi.core.score.max", 100);
    set("cmi.core.score.raw", score);
    if (get("cmi.core.lesson_status") !== "passed") set("cmi.core.lesson_status", score >= 80 ? "passed" : "failed");
    showResult(score);
    go("result");
  }

  function leave() {
    if (!api || ended) return;
    set("cmi.core.exit", state.score >= 80 ? "" : "suspend");
    save();
    ended = true;
    api.LMSFinish("");
  }

  back.addEventListener("click", () => go(names[names.indexOf(state.page) - 1]));
  next.addEventListener("click", () => go(names[names.indexOf(state.page) + 1]));
  document.getElementById("again").addEventListener("click", () => {
    form.reset();
    state.answers = {};
    go("questions");
  });
  form.addEventListener("submit", check);
  form.addEventListener("change", (event) => {
    state.answers[event.target.name] = event.target.value;
    save();
  });
  window.addEventListener("pagehide", leave);

  if (!api || String(api.LMSInitialize("")) !== "true") {
    document.getElementById("trouble").hidden = false;
  }
  try {
    const kept = JSON.parse(get("cmi.suspend_data") || "null");
    if (kept && typeof kept === "object") state = Object.assign(state, kept);
  } catch (error) {
    state = { page: names[0], answers: {} };
  }
  for (const [name, value] of Object.entries(state.answers || {})) {
    const group = form.elements.namedItem(name);
    if (group) group.value = value;
  }
  if (["not attempted", ""].includes(get("cmi.core.lesson_status"))) set("cmi.core.lesson_status", "incomplete");
  if (state.page === "result") showResult(state.score || 0);
  show(state.page, false);
  save();
})();
