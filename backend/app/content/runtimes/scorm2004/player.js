// SCORM 2004 on the player page. Which part comes next is decided by the school's server: the course's navigation
// requests go there, and what it may ask for comes from there.

import { Scorm2004API } from "./scorm2004.min.js";
import { allowed, play } from "./scorm_course.js";
import { boot } from "./shell.js";

const UNITS = [31_557_600, 2_629_800, 604_800, 86_400, 3_600, 60, 1];
const DURATION = /^P(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/;
const NUMBERS = /\.(scaled|raw|min|max|progress_measure|weighting)$/;
const TIMES = /\.(session_time|latency)$/;
const REQUEST = /^(?:\{target=([^{}]+)\})?([A-Za-z]+)$/;
const VALID = /^adl\.nav\.request_valid\.(continue|previous|choice|jump)(?:\.\{target=([^{}]+)\})?$/;
const EXIT = "cmi.exit";
// What the parts of the course keep for each other (adl.data of the 4th edition).
const maps = (boot.given?.maps ?? [])
  .map(({ target, reads, writes }) => ({ targetID: target, readSharedData: reads, writeSharedData: writes }));
let stores = boot.given?.stores ?? {};
let wish = null; // what the course asked for last, until its session ends
let exit = "";

function secondsOf(span) {
  const parts = DURATION.exec(span ?? "");
  return parts ? UNITS.reduce((sum, unit, at) => sum + Number(parts[at + 1] ?? 0) * unit, 0) : 0;
}

function spanOf(seconds) {
  return `PT${Math.round(seconds * 100) / 100}S`;
}

function status({ completion_status: completion, success_status: success }) {
  if (success === "passed" || success === "failed") return success;
  return completion === "completed" || completion === "incomplete" ? completion : "";
}

// The standard's numbers and durations as browsers print them, in the narrower form that the run-time takes.
function plain(element, value) {
  const text = String(value);
  if (NUMBERS.test(element) && /^-?(\d+\.|\.\d+)$/.test(text)) {
    return text.replace(/^(-?)\./, "$10.").replace(/\.$/, "");
  }
  if (TIMES.test(element)) return text.replace(/(\.\d\d)\d+S$/, "$1S");
  return value;
}

play({
  face: "API_1484_11",
  calls: Object.fromEntries([
    "Initialize", "Terminate", "GetValue", "SetValue", "Commit", "GetLastError", "GetErrorString", "GetDiagnostic",
  ].map(name => [name, name])),
  notSaved: 391,
  make(settings) {
    const api = new Scorm2004API(settings);
    if (maps.length) {
      api.adl.restoreSharedDataSnapshot(stores);
      api.adl.configureSharedDataMaps(maps);
    }
    return api;
  },
  read(api) {
    const { cmi, sharedData } = api.renderCommitCMI(false);
    if (!sharedData) return cmi;
    stores = { ...stores, ...sharedData };
    return { ...cmi, shared_data: sharedData };
  },
  exit: EXIT,
  limit: ({ max_time_allowed, total_time, time_limit_action }) => ({
    most: secondsOf(max_time_allowed), used: secondsOf(total_time), action: time_limit_action,
  }),
  done: { completion_status: "completed" },
  status,
  value: ({ score }) => score?.scaled || score?.raw,
  moment({ completion_status, success_status, progress_measure, score }) {
    return { completion_status, success_status, progress_measure, score };
  },
  time: ({ session_time }) => secondsOf(session_time),
  withTime: (cmi, seconds) => ({ ...cmi, session_time: spanOf(seconds) }),
  resumed(started, { session_time: _time, exit: _exit, shared_data: _stores, ...rest }, seconds) {
    return {
      ...started,
      ...rest,
      entry: "resume",
      total_time: spanOf(secondsOf(started.total_time) + seconds),
    };
  },
  around(face, api) {
    face.SetValue = (element, value) => {
      const done = api().SetValue(element, plain(String(element), value));
      if (String(done) === "true" && element === "adl.nav.request") {
        const [, target = null, request] = REQUEST.exec(String(value)) ?? [];
        wish = request ? { request, target } : null;
      }
      if (String(done) === "true" && element === EXIT) exit = String(value);
      return done;
    };
    face.GetValue = element => {
      const known = api().GetValue(element);
      const [, request, target] = VALID.exec(String(element)) ?? [];
      // Asked of the run-time all the same: before and after a session it answers with the standard's error.
      if (!request || !allowed.now || known === "") return known;
      const can = allowed.now[request];
      if (can === null) return "unknown";
      return String(Array.isArray(can) ? can.includes(target) : Boolean(can));
    };
  },
  // A session that has run out of time or that the learner has logged out of ends the course (RTE 4.2.8).
  finished() {
    const asked = wish ?? (exit === "time-out" || exit === "logout" ? { request: "exitAll", target: null } : null);
    wish = null;
    exit = "";
    return asked;
  },
});
