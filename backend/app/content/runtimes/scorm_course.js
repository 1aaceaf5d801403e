// Plays one part of a SCORM lesson, whatever the edition: puts the run-time where the course looks for it and saves
// what it reports.

import { Saving } from "./saving.js";
import { Session } from "./scorm_session.js";
import { begin, boot, frame, hint, report, say } from "./shell.js";

export const allowed = { now: boot.allowed ?? null }; // where the content may ask to go, by the server's last answer

const SETTINGS = {
  lmsCommitUrl: "commit",
  dataCommitFormat: "json",
  // Our server judges: mastery counts there, and a status that was never set becomes completed at the end.
  mastery_override: false,
  autocommit: false,
  selfReportSessionTime: true,
  logLevel: 5,
};

// `edition`:
//   face            name of the object that the course looks for
//   calls           what it calls, by the plain names of the standard: { Initialize: "LMSInitialize", … }
//   make(settings)  a run-time of scorm-again
//   read(api)       the data model as it is reported
//   done            the data model of a page without a run-time that has been shown
//   status(cmi)     status of the data model; empty if the course has set none
//   value(cmi)      the score that moments with the same status are compared by
//   moment(cmi)     status and score alone
//   exit            the element that says how a session ends
//   limit(cmi)      { most, used, action }: how long the learner may take in all, how long they have, in seconds, and
//                   what follows, as the standard words it: "exit,message"
//   time(cmi), withTime(cmi, seconds)   how long the session has lasted, in seconds
//   resumed(started, cmi, seconds)      the data model that the next page of the course goes on with
//   around(api, callOn)                 optional: what the course finds instead of a plain call
//   finished()                          optional: where the course wants to go at the end of its session, or null
export function play(edition) {
  const { calls } = edition;
  let running = false; // between Initialize and the end
  let finished = false;
  let assetOpened = false;
  let page = null; // the document that began the session
  const earlier = { seconds: 0 }; // reported by the pages before this one, in courses that begin again on each page
  const session = new Session(edition.status(boot.cmi));

  // The run-time asks this to send; the answer goes back to the course.
  const transport = {
    processHttpRequest(_url, _commit, immediate) {
      const saved = saving.now({ finish: immediate === true });
      return { result: saved ? "true" : "false", errorCode: saved ? 0 : edition.notSaved };
    },
    updateSettings() {},
  };

  function runtime(cmi) {
    const made = edition.make({ ...SETTINGS, httpService: transport });
    made.loadFromJSON(cmi, "cmi");
    made.on(calls.Initialize, () => {
      running = true;
      finished = false;
      page = frame.contentDocument;
      saving.begun();
      keepTime();
    });
    made.on(calls.SetValue, () => {
      // Not before the course has set all that belongs together.
      queueMicrotask(() => {
        const now = edition.read(made);
        session.note(edition.status(now), edition.value(now), edition.moment(now));
      });
      saving.changed();
    });
    made.on(calls.Terminate, () => {
      running = false;
      finished = true;
      const wish = edition.finished?.() ?? null;
      // The course is still in its call: it is taken away when that has been answered.
      if (wish) setTimeout(() => hint("navigate", wish));
      else hint("finished");
    });
    return made;
  }

  // The manifest may limit the time of an attempt. The clock of this page keeps it: the course may, or may not.
  let clock = 0;
  let timeIsUp = false;

  function keepTime() {
    const { most, used, action } = edition.limit(boot.cmi);
    if (clock || !(most > 0) || !action) return;
    clock = setTimeout(end, Math.min(2 ** 31 - 1, Math.max(0, most - used) * 1000 + 500), action);
  }

  function end(action) {
    const [what, how] = action.split(",").map(word => word.trim());
    const message = () => { if (how === "message") say("The time for this part is up."); };
    if (what !== "exit" || !running) {
      if (running) message();
      return;
    }
    // The course may still set what it has, but not say that it goes on the next time.
    timeIsUp = true;
    frame.addEventListener("load", () => {
      timeIsUp = false;
      face[calls.SetValue](edition.exit, "time-out");
      api[calls.Terminate]("");
      message();
    }, { once: true });
    frame.contentWindow.location.replace("about:blank");
  }

  function read() {
    if (!boot.isSco) return assetOpened ? edition.done : {};
    const cmi = edition.read(api);
    return earlier.seconds ? edition.withTime(cmi, earlier.seconds + edition.time(cmi)) : cmi;
  }

  // Many courses begin on each of their pages and finish when it is left, and any page may be loaded again. The attempt
  // goes on where it stands; the standard's own answer would be that the session has ended.
  function goOn() {
    const cmi = read();
    earlier.seconds = edition.time(cmi);
    session.begin(edition.status(cmi), { keep: saving.unsaved });
    saving.goesOn();
    api = runtime(edition.resumed(boot.cmi, cmi, earlier.seconds));
  }

  const saving = new Saving({
    url: "commit",
    lastSeq: boot.lastSeq,
    read,
    report(kind, detail) {
      if (kind === "saved" && detail.allowed) allowed.now = detail.allowed;
      report(kind, detail);
    },
    session: () => session.toJSON(),
  });
  let api = runtime(boot.cmi);

  // What the course finds. It keeps this object, whatever run-time is behind it.
  const face = {};
  for (const name of Object.values(calls)) face[name] = (...given) => api[name](...given);
  face[calls.Initialize] = parameter => {
    if (parameter === "" && (finished || running && frame.contentDocument !== page)) goOn();
    return api[calls.Initialize](parameter);
  };
  edition.around?.(face, () => api);
  const terminate = face[calls.Terminate];
  face[calls.Terminate] = parameter => (timeIsUp ? "true" : terminate(parameter));
  if (boot.isSco) window[edition.face] = face;

  // A page without a run-time reports nothing: to have been shown it is to have done it. A browser's own page about
  // something that it refused to load is of another host, and our viewer of PDFs says itself when there is a page.
  function shown() {
    if (boot.isSco || assetOpened) return;
    assetOpened = true;
    saving.now({ finish: true });
    hint("finished");
  }

  frame.addEventListener("load", () => {
    let inside = null;
    try {
      inside = frame.contentWindow.location.href === "about:blank" ? null : frame.contentDocument;
    } catch { /* theirs */ }
    if (inside && !inside.querySelector("meta[name=aada-viewer]")) shown();
  });
  window.addEventListener("message", event => {
    if (event.origin === location.origin && event.source === frame.contentWindow && event.data?.shown) shown();
  });

  begin(saving, () => boot.isSco && (running || finished));
}
