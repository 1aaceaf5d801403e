// Plays one part of a SCORM 1.2 lesson: puts the run-time where the course looks for it and saves what it reports.

import { Scorm12API } from "./scorm12.min.js";
import { Saving } from "./saving.js";
import { Session, secondsOf, spanOf } from "./session.js";
import { begin, boot, frame, hint, report } from "./shell.js";

let running = false; // between LMSInitialize and LMSFinish
let finished = false;
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

// A page without a run-time reports nothing: to have been shown it is to have done it. A browser's own page about
// something that it refused to load is of another host, and our viewer of PDFs says itself when there is a page.
function shown() {
  if (boot.isSco || assetOpened) return;
  assetOpened = true;
  saving.now({ finish: true });
  hint("finished");
}

frame.addEventListener("load", () => {
  let page = null;
  try { page = frame.contentWindow.location.href === "about:blank" ? null : frame.contentDocument; } catch { /* theirs */ }
  if (page && !page.querySelector("meta[name=aada-viewer]")) shown();
});
window.addEventListener("message", event => {
  if (event.origin === location.origin && event.source === frame.contentWindow && event.data?.shown) shown();
});

begin(saving, () => boot.isSco && (running || finished));
