// Plays one part of a lesson: puts the SCORM run-time where the course looks for it, opens the course in a frame,
// and saves what it reports. The school's page around it hears hints only and asks its own server what is true.

import { Scorm12API } from "./scorm12.min.js";
import { Saving } from "./saving.js";
import { Session, secondsOf, spanOf } from "./session.js";

const boot = JSON.parse(document.getElementById("boot").textContent);
const frame = document.getElementById("course");
const trouble = document.getElementById("trouble");
let running = false; // between LMSInitialize and LMSFinish
let finished = false;
let idleTimer = 0;

function hint(kind, detail = {}) {
  if (window.parent !== window) window.parent.postMessage({ aada: kind, ...detail }, boot.appOrigin);
}

function showOver(text) {
  frame.hidden = true;
  trouble.hidden = true;
  document.getElementById("over-text").textContent = text;
  document.getElementById("over").hidden = false;
  hint("over");
}

function report(kind, detail) {
  if (kind === "trouble") {
    trouble.hidden = detail === null;
    trouble.textContent = detail ?? "";
    if (detail !== null) hint("unsaved");
  } else if (kind === "over") {
    showOver(detail.detail ?? "Open the lesson again to continue. Everything up to your last saved step is kept.");
  } else {
    if (kind === "saved") stayAwake();
    hint(kind, detail);
  }
}

let assetOpened = false;

// The run-time asks this to send; the answer goes back to the course.
const transport = {
  processHttpRequest(_url, _commit, immediate) {
    const saved = saving.now({ finish: immediate === true });
    return { result: saved ? "true" : "false", errorCode: saved ? 0 : 101 };
  },
  updateSettings() {},
};

const SETTINGS = {
  lmsCommitUrl: "commit",
  dataCommitFormat: "json",
  httpService: transport,
  // Our server judges: mastery counts there, and a status that was never set becomes completed at the end.
  mastery_override: false,
  autocommit: false,
  selfReportSessionTime: true,
  logLevel: 5,
};

let api = runtime(boot.cmi);
const earlier = { seconds: 0 }; // reported by the pages before this one, in courses that begin again on each page
let page = null; // the document that began the session
const session = new Session(boot.cmi.core?.lesson_status);

function runtime(cmi) {
  const made = new Scorm12API(SETTINGS);
  made.loadFromJSON(cmi, "cmi");
  made.on("LMSInitialize", () => {
    running = true;
    finished = false;
    page = frame.contentDocument;
    saving.begun();
  });
  made.on("LMSSetValue", () => {
    // Not before the course has set all that belongs together.
    queueMicrotask(() => session.note(made.cmi.core));
    saving.changed();
  });
  made.on("LMSFinish", () => {
    running = false;
    finished = true;
    hint("finished");
  });
  return made;
}

function read() {
  if (!boot.isSco) return { core: { lesson_status: assetOpened ? "completed" : "" } };
  const { cmi } = api.renderCommitCMI(false);
  if (earlier.seconds) cmi.core.session_time = spanOf(earlier.seconds + secondsOf(cmi.core.session_time));
  return cmi;
}

// Many courses begin on each of their pages and finish when it is left, and any page may be loaded again. The attempt
// goes on where it stands; the standard's own answer would be that the session has ended.
function goOn() {
  const { core, ...rest } = read();
  earlier.seconds = secondsOf(core.session_time);
  const status = core.lesson_status === "not attempted" ? "" : core.lesson_status;
  session.begin(status, { keep: saving.unsaved });
  saving.goesOn();
  api = runtime({
    ...boot.cmi,
    ...rest,
    core: {
      ...boot.cmi.core,
      lesson_location: core.lesson_location,
      lesson_status: status,
      score: core.score,
      entry: "resume",
      total_time: spanOf(secondsOf(boot.cmi.core?.total_time) + earlier.seconds),
    },
  });
}

const saving = new Saving({ url: "commit", lastSeq: boot.lastSeq, read, report, session: () => session.toJSON() });

// What the course finds. It keeps this object, whatever run-time is behind it.
const face = {
  LMSInitialize(parameter) {
    if (parameter === "" && (finished || running && frame.contentDocument !== page)) goOn();
    return api.LMSInitialize(parameter);
  },
};
for (const name of [
  "LMSFinish", "LMSGetValue", "LMSSetValue", "LMSCommit", "LMSGetLastError", "LMSGetErrorString", "LMSGetDiagnostic",
]) face[name] = (...given) => api[name](...given);
if (boot.isSco) window.API = face;

// A course may open itself in a window of its own and call us through `opener`. Closing that window is leaving.
const windows = new Set();

function watch(inner) {
  try {
    if (inner.aadaWatched) return;
    inner.aadaWatched = true;
    const open = inner.open;
    inner.open = (...given) => {
      const opened = open.apply(inner, given);
      if (opened) windows.add(opened);
      return opened;
    };
    for (const nested of Array.from(inner.frames)) watch(nested);
  } catch { /* a page of another host */ }
}

setInterval(() => {
  if (frame.contentWindow) watch(frame.contentWindow);
  for (const opened of windows) {
    if (!opened.closed) continue;
    windows.delete(opened);
    if (running && saving.unsaved) saving.now({ leaving: true });
  }
}, 500);

function stayAwake() {
  // The session ends by itself after a while: better to say so than to let the student work in vain.
  clearTimeout(idleTimer);
  const left = new Date(boot.expiresAt).getTime() - Date.now();
  idleTimer = setTimeout(() => {
    if (!saving.unsaved) { saving.over = true; showOver("You were away for a while. Nothing was lost."); }
  }, Math.max(0, Math.min(boot.idleSeconds * 1000 - 60_000, left)));
}

window.addEventListener("pagehide", () => {
  if (!boot.isSco) return;
  if (running || saving.unsaved && finished) saving.leaving();
});
document.addEventListener("visibilitychange", () => {
  // A phone may never come back from here.
  if (document.visibilityState === "hidden" && running) saving.changed();
});
window.addEventListener("online", () => saving.retry());

window.addEventListener("message", event => {
  if (event.origin !== boot.appOrigin || event.source !== window.parent) return;
  if (event.data?.aada === "leave") leave();
});

// The school's page wants to go elsewhere: let the course end its session while this page can still wait for it.
function leave() {
  let done = false;
  const end = () => {
    if (done) return;
    done = true;
    // Also when the course has ended its session while it was unloaded: no request could be waited for there.
    if (boot.isSco && saving.unsaved && (running || finished)) saving.now();
    hint("left", { saved: !saving.unsaved });
  };
  frame.addEventListener("load", end, { once: true });
  setTimeout(end, 1500);
  frame.contentWindow.location.replace("about:blank");
}

document.getElementById("reopen").addEventListener("click", () => hint("reopen"));

frame.addEventListener("load", () => watch(frame.contentWindow));
frame.addEventListener("load", () => {
  if (boot.isSco || assetOpened) return;
  // A plain page reports nothing: to have opened it is to have done it.
  assetOpened = true;
  saving.now({ finish: true });
  hint("finished");
}, { once: true });

stayAwake();
frame.src = boot.address;
hint("ready", { title: boot.title });
