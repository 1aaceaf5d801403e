// The clock of a shared tablet. Every punch is written down first and sent then, online as well as offline, so that there
// is one way for both: what is answered at once is shown with the student's first name, what is not is shown as saved.

const main = document.querySelector("main");
const store = await import(main.dataset.store);
const find = (name) => main.querySelector(`[data-${name}]`);
const PIN_DIGITS = Number(main.dataset.pinDigits);
const MOST_DIGITS = 9;
const BACK_TO_START = 30_000; // a screen that somebody walked away from
const SHOWN_FOR = 7_000;
const ANSWER_WITHIN = 8_000;
const SIGN_OF_LIFE = 60_000;

const state = { panel: "wait", kind: "in", step: "number", number: "", pin: "", online: true, problem: "", reload: false };
let timer;

function show(panel) {
  state.panel = panel;
  for (const one of main.querySelectorAll("[data-panel]")) one.hidden = one.dataset.panel !== panel;
  clearTimeout(timer);
  if (panel === "pad") timer = setTimeout(start, BACK_TO_START);
  if (panel === "result") timer = setTimeout(start, SHOWN_FOR);
}

function start() {
  Object.assign(state, { number: "", pin: "", step: "number" });
  // Another release has come: load it while nobody stands here.
  if (state.reload) location.reload();
  show("start");
}

// The time is the server's, as far as it was measured: a tablet that goes wrong shows the right time all the same.
function tick() {
  const now = new Date(Date.now() + (state.kiosk?.offset ?? 0));
  const timeZone = main.dataset.zone;
  find("clock").textContent = now.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit", timeZone });
  find("day").textContent = now.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric", timeZone });
}

async function status() {
  const kept = await store.waiting();
  const words = state.online ? [] : ["Offline. You can clock in and out; it is sent later."];
  if (state.problem) words.push(state.problem);
  if (kept) words.push(kept === 1 ? "1 punch is saved on this tablet." : `${kept} punches are saved on this tablet.`);
  const line = find("status");
  line.textContent = words.join(" ");
  line.dataset.tone = words.length ? "warn" : "";
}

// Typing

function draw() {
  const pin = state.step === "pin";
  const kind = state.kind === "in" ? "Clock in" : "Clock out";
  find("title").textContent = `${kind}: ${pin ? "your PIN" : "your number"}`;
  find("help").textContent = pin ? `${PIN_DIGITS} digits` : "You find your number on your Kiosk PIN page. You can also scan your card.";
  find("typed").textContent = pin ? "●".repeat(state.pin.length) : state.number;
  find("typed").setAttribute("aria-label", pin ? `${state.pin.length} of ${PIN_DIGITS} digits` : state.number || "Nothing typed yet");
  find("next").textContent = pin ? kind : "Next";
  clearTimeout(timer);
  timer = setTimeout(start, BACK_TO_START);
}

function choose(kind) {
  Object.assign(state, { kind, step: "number", number: "", pin: "" });
  show("pad");
  draw();
  find("title").focus();
}

function type(digit) {
  const most = state.step === "pin" ? PIN_DIGITS : MOST_DIGITS;
  if (state[state.step].length < most) state[state.step] += digit;
  draw();
}

function back() {
  if (!state[state.step] && state.step === "pin") state.step = "number";
  else state[state.step] = state[state.step].slice(0, -1);
  draw();
}

function next() {
  if (state.step === "number") {
    if (!state.number) return;
    state.step = "pin";
    draw();
    find("title").focus();
  } else if (state.pin.length === PIN_DIGITS) {
    punch(`pin ${state.number} ${state.pin}`);
  }
}

// Punching

function result(tone, who, what) {
  find("who").textContent = who;
  find("what").textContent = what;
  find("result").dataset.tone = tone;
  show("result");
}

async function punch(typed) {
  const { kind } = state;
  Object.assign(state, { number: "", pin: "", step: "number" });
  const at = new Date(Date.now() + state.kiosk.offset)
    .toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit", timeZone: main.dataset.zone });
  find("wait").textContent = "One moment …";
  show("wait");
  let counter;
  try {
    counter = await store.punch(kind, typed);
  } catch {
    result("bad", "Not saved", "This tablet cannot store anything. Tell the school office when you came or left.");
    return;
  }
  const answer = await send(counter);
  if (!answer) result("info", `${kind === "in" ? "Clock in" : "Clock out"} at ${at} is saved`, "It is checked and recorded when this tablet is online again.");
  else if (answer.state === "recorded") result("good", answer.student ?? "", answer.sentence);
  else result(answer.state === "held" ? "info" : "bad", answer.state === "held" ? "Saved" : "Not recorded", answer.sentence);
}

// Sends what waits, the oldest first, until this punch is answered; nothing when that takes longer than a person waits.
async function send(counter) {
  const signal = AbortSignal.timeout(ANSWER_WITHIN);
  let found;
  try {
    let answers;
    do {
      ({ punches: answers } = await store.send(signal));
      found ??= answers.find((one) => one.counter === counter);
    } while (answers.length === store.BATCH && !found);
    Object.assign(state, { online: true, problem: "" });
  } catch (error) {
    state.online = error.status !== undefined;
    state.problem = error.status === undefined ? "" : error.message;
  }
  state.kiosk = await store.read();
  find("name").textContent = state.kiosk.name;
  await status();
  if (state.kiosk.revoked && !(await store.waiting())) setUp("This tablet is not a kiosk any more. Everything it kept has arrived. Register it again, or close this page.");
  return found;
}

async function keepInTouch() {
  let more = false;
  try {
    if (state.panel === "start" || state.panel === "result") await send();
    // A day's punches are several batches.
    more = state.online && !state.problem && (await store.waiting()) > 0;
  } finally {
    setTimeout(keepInTouch, more ? 500 : SIGN_OF_LIFE);
  }
}

// Registration

function setUp(note) {
  if (note) find("register-note").textContent = note;
  show("register");
  if (location.hash.length > 1) find("register").code.value = decodeURIComponent(location.hash.slice(1));
}

find("register").addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = find("register-problem");
  problem.hidden = true;
  try {
    await store.register(event.target.code.value);
    history.replaceState(null, "", location.pathname);
    await open();
  } catch (error) {
    problem.textContent = (error.status !== undefined && error.message) || "The server does not answer. Nothing was registered. Try again.";
    problem.hidden = false;
  }
});

async function open() {
  state.kiosk = await store.read();
  if (!state.kiosk || (state.kiosk.revoked && !(await store.waiting()))) return setUp();
  find("name").textContent = state.kiosk.name;
  tick();
  setInterval(tick, 1000);
  start();
  await status();
  keepInTouch();
}

main.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || button.type === "submit") return;
  const { kind, digit } = button.dataset;
  if (kind) choose(kind);
  else if (digit) type(digit);
  else if ("back" in button.dataset) back();
  else if ("next" in button.dataset) next();
  else start();
});

// A keyboard works too. A card reader is one that types quickly and ends with Enter.
let scanned = "";
document.addEventListener("keydown", (event) => {
  if (state.panel !== "pad" || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Enter") {
    const card = scanned.match(/AK1-\d+-[0-9a-f-]{32,41}$/);
    scanned = "";
    if (card) { event.preventDefault(); punch(`card ${card[0]}`); }
    else if (!document.activeElement?.matches("button")) next();
    return;
  }
  if (event.key.length === 1) scanned = (scanned + event.key).slice(-80);
  if (/^\d$/.test(event.key) && !scanned.includes("A")) type(event.key);
  else if (event.key === "Backspace") back();
  else if (event.key === "Escape") start();
});

window.addEventListener("online", () => send());
window.addEventListener("offline", () => { state.online = false; status(); });

if (!window.isSecureContext || !crypto.subtle || !navigator.locks) {
  find("wait").textContent = "This page works only over HTTPS, in a current browser. Open the school’s address with https:// and load it again.";
} else {
  if (navigator.serviceWorker) {
    const first = !navigator.serviceWorker.controller;
    navigator.serviceWorker.addEventListener("controllerchange", () => { state.reload = !first; });
    navigator.serviceWorker.register("/kiosk/worker.js", { scope: "/kiosk" });
  }
  await open();
}
