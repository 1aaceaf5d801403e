// Plays H5P content with h5p-standalone and reports what it says and where the student is. What that amounts to, the
// server says.
//
// H5P would send state and results to addresses of its own. Here both go the way of everything else that a lesson saves,
// which knows what was acknowledged, sends again, and survives the closing of the page.

import "./h5p/main.bundle.js";
import { Saving } from "./saving.js";
import { begin, boot, hint, outsideOf, report, storesHere, watch } from "./shell.js";

const ID = "lesson";
const LOOK_MS = 3_000; // what is lost at most when the browser is killed
const SAVE_SECONDS = 60; // time alone is saved less often
const START_MS = 30_000;
const MOST = 100; // statements in one report
const RESULTS = ["completed", "answered"].map(verb => `http://adlnet.gov/expapi/verbs/${verb}`);

const stage = document.getElementById("h5p");
const address = name => new URL(name, location.href).href;
let inner = null; // the window that the content is in
let state = JSON.stringify(boot.cmi.state);
let statements = []; // what the server has not acknowledged
let seconds = 0; // in which the page was looked at
let reported = 0; // as far as they have been reported
let hasResult = false; // as a statement
let offered = boot.cmi.done;

const read = () => ({ shown: inner !== null, suspend_data: state, statements: statements.slice(0, MOST), seconds: reported });

const saving = new Saving({
  url: "commit",
  lastSeq: boot.lastSeq,
  read,
  session: () => null,
  report(kind, detail) {
    if (kind === "saved") {
      const sent = new Set(JSON.parse(saving.savedText).statements.map(one => one.id));
      statements = statements.filter(one => !sent.has(one.id));
      // What is acknowledged is said no more, and is no change by that.
      saving.savedText = JSON.stringify({ ...JSON.parse(saving.savedText), statements: [] });
      outcome(detail);
    }
    report(kind, detail);
  },
});

function outcome({ status, complete }) {
  document.getElementById("again").hidden = status !== "failed";
  if (!complete || offered) return;
  offered = true;
  hint("finished");
}

function say(statement) {
  statements.push({ id: window.H5P.createUUID(), at: Date.now(), statement });
  saving.changed();
}

// Asks the content where the student is, as H5P itself does before it saves.
function look() {
  for (const one of inner?.H5P?.instances ?? []) {
    try {
      const now = one.getCurrentState?.();
      if (now !== undefined) inner.H5P.setUserData(one.contentId, "state", now, { deleteOnChange: true });
    } catch { /* content that cannot say it */ }
  }
  if (inner) state = JSON.stringify(window.H5PIntegration.contents[`cid-${ID}`].contentUserData ?? {});
  const kept = saving.savedText === null ? null : JSON.parse(saving.savedText);
  if (seconds - reported >= SAVE_SECONDS || statements.length || kept?.suspend_data !== state) reported = seconds;
  if (inner && saving.unsaved) saving.changed();
}

// Asked when the page is about to be left: what the content knows by now has to be known here first.
function active() {
  reported = seconds;
  look();
  return inner !== null;
}

// The content is there: everything that H5P would send goes to us instead.
function arrived() {
  const { H5P } = inner;
  // H5P asks its own server to forget as well, and fails where it knows of none.
  H5P.deleteUserData = (_content, name, part = 0) => {
    delete window.H5PIntegration.contents[`cid-${ID}`].contentUserData?.[part]?.[name];
  };
  // Older content says its result with an event alone; the core passes it on with the time as a fourth argument.
  H5P.setFinished = (_content, score, max, ...rest) => {
    if (rest.length === 0 || hasResult || typeof score !== "number") return;
    const result = { completion: true, score: { min: 0, max, raw: score } };
    say({ verb: { id: RESULTS[0], display: { "en-US": "completed" } }, result });
  };
  look();
  setInterval(look, LOOK_MS);
  setInterval(() => watch(inner), 500);
}

function failed() {
  const line = document.createElement("p");
  line.className = "trouble";
  line.setAttribute("role", "alert");
  line.textContent = "This lesson cannot be shown. Open it again; if that does not help, tell your instructor: "
    + "its file may have to be exported and uploaded again.";
  stage.replaceChildren(line);
}

function wait(since = Date.now()) {
  const frame = stage.querySelector("iframe");
  if (frame?.contentWindow?.H5P?.instances?.length) {
    inner = frame.contentWindow;
    frame.title = boot.title;
    arrived();
  } else if (Date.now() - since > START_MS) failed();
  else setTimeout(() => wait(since), 50);
}

async function play() {
  // Some browsers give a frame of another site no storage, which H5P’s core asks for.
  if (!storesHere()) {
    window.H5PIntegration = { core: { styles: [], scripts: [address("vendor/storage.js")] } };
  }
  const place = document.createElement("div");
  stage.append(place);
  await new window.H5PStandalone.H5P(place, {
    id: ID,
    h5pJsonPath: address("files"),
    frameJs: address("vendor/h5p/frame.bundle.js"),
    frameCss: address("vendor/h5p/styles/h5p.css"),
    title: boot.title,
    frame: true,
    copyright: true,
    icon: false,
    fullScreen: true,
    reportingIsEnabled: true,
    // The server knows it by its own name; H5P’s would be this address, with the launch’s token in it.
    xAPIObjectIRI: `${boot.appOrigin}/lessons/${boot.lesson}`,
    contentUserData: boot.cmi.state,
    saveFreq: LOOK_MS / 1_000,
  });
  window.H5P.externalDispatcher.on("xAPI", event => {
    const { actor: _, ...statement } = event.data.statement;
    hasResult ||= RESULTS.includes(statement.verb?.id) && !statement.context?.contextActivities?.parent?.length;
    say(JSON.parse(JSON.stringify(statement)));
  });
  wait();
}

setInterval(() => { if (inner && document.visibilityState === "visible") seconds += 1; }, 1_000);

saving.begun();
begin(saving, active);
outsideOf("content/content.json");
play().catch(failed);
