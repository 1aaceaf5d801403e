// SCORM 1.2 on the player page.

import { Scorm12API } from "./scorm12.min.js";
import { play } from "./scorm_course.js";

function secondsOf(span) {
  const parts = /^(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(span ?? "");
  return parts ? Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]) : 0;
}

function spanOf(seconds) {
  const hundredths = Math.round(seconds * 100);
  const two = number => String(Math.floor(number)).padStart(2, "0");
  const hours = String(Math.floor(hundredths / 360_000)).padStart(4, "0");
  return `${hours}:${two(hundredths / 6000 % 60)}:${two(hundredths / 100 % 60)}.${two(hundredths % 100)}`;
}

function status({ core }) {
  return core?.lesson_status === "not attempted" ? "" : core?.lesson_status ?? "";
}

play({
  face: "API",
  calls: {
    Initialize: "LMSInitialize",
    Terminate: "LMSFinish",
    GetValue: "LMSGetValue",
    SetValue: "LMSSetValue",
    Commit: "LMSCommit",
    GetLastError: "LMSGetLastError",
    GetErrorString: "LMSGetErrorString",
    GetDiagnostic: "LMSGetDiagnostic",
  },
  notSaved: 101,
  exit: "cmi.core.exit",
  limit: ({ core, student_data: asked }) => ({
    most: secondsOf(asked?.max_time_allowed), used: secondsOf(core?.total_time), action: asked?.time_limit_action,
  }),
  make: settings => new Scorm12API(settings),
  read: api => api.renderCommitCMI(false).cmi,
  done: { core: { lesson_status: "completed" } },
  status,
  value: ({ core }) => core.score?.raw,
  moment({ core: { lesson_status, score } }) {
    return { lesson_status, score: { raw: score?.raw, min: score?.min, max: score?.max } };
  },
  time: ({ core }) => secondsOf(core?.session_time),
  withTime: (cmi, seconds) => ({ ...cmi, core: { ...cmi.core, session_time: spanOf(seconds) } }),
  resumed(started, { core, ...rest }, seconds) {
    return {
      ...started,
      ...rest,
      core: {
        ...started.core,
        lesson_location: core.lesson_location,
        lesson_status: status({ core }),
        score: core.score,
        entry: "resume",
        total_time: spanOf(secondsOf(started.core?.total_time) + seconds),
      },
    };
  },
});
