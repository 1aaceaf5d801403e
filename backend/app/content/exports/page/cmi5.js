// cmi5: what the lesson comes to goes as statements to the learning system's record store.

const CMI5 = "https://w3id.org/xapi/cmi5/context/categories/cmi5";
const MOVE_ON = "https://w3id.org/xapi/cmi5/context/categories/moveon";
const MASTERY = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore";
const VERBS = {
  initialized: "http://adlnet.gov/expapi/verbs/initialized",
  completed: "http://adlnet.gov/expapi/verbs/completed",
  passed: "http://adlnet.gov/expapi/verbs/passed",
  failed: "http://adlnet.gov/expapi/verbs/failed",
  terminated: "http://adlnet.gov/expapi/verbs/terminated",
  answered: "http://adlnet.gov/expapi/verbs/answered",
};
const JUDGED = new Set(["completed", "passed", "failed"]);
const STATE = "aada.lesson";
const asked = new URLSearchParams(location.search);
const about = Object.fromEntries(["endpoint", "fetch", "actor", "registration", "activityId"].map(name => [name, asked.get(name)]));
const written = new WeakSet();
const answers = new WeakMap(); // the statement of each answer: sent again it is the same one, which is kept once
const drafts = new Map(); // the same, by the verb, until it is kept
const refused = new Set(); // verbs that the record store refuses in this session
let token = "";
let launch = null;
let said = { completed: false, passed: false, failed: 0 };
let mastery = null;
let ended = false;

function stored(name, value) {
  try {
    if (value === undefined) return sessionStorage.getItem(`aada ${name} ${about.fetch}`);
    sessionStorage.setItem(`aada ${name} ${about.fetch}`, value);
  } catch {
    // a browser that gives the frame of another site no storage: a reloaded page then has to be opened again
  }
  return null;
}

function address(path, parameters) {
  const url = new URL(path, about.endpoint.replace(/\/?$/, "/"));
  for (const [name, value] of Object.entries(parameters ?? {})) url.searchParams.set(name, value);
  return url;
}

async function ask(path, { parameters, body, method = "GET", keepalive = false } = {}) {
  const answer = await fetch(address(path, parameters), {
    method,
    keepalive,
    headers: {
      Authorization: `Basic ${token}`,
      "X-Experience-API-Version": "1.0.3",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body,
  });
  if (!answer.ok && answer.status !== 404) {
    throw Object.assign(new Error("The learning system did not save what you did."), { refusal: answer.status });
  }
  return answer;
}

function state(stateId) {
  return { activityId: about.activityId, agent: about.actor, registration: about.registration, stateId };
}

function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map(one => one.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function duration(seconds) {
  return `PT${Math.max(0, Math.floor(seconds * 100) / 100)}S`;
}

function statement(verb, { result, object, extensions } = {}) {
  const context = structuredClone(launch.contextTemplate ?? {});
  context.registration = about.registration;
  const activities = (context.contextActivities ??= {});
  if (verb !== "answered") {
    activities.category = [...(activities.category ?? []), { id: CMI5 }, ...(JUDGED.has(verb) ? [{ id: MOVE_ON }] : [])];
  }
  if (extensions) context.extensions = { ...context.extensions, ...extensions };
  return {
    id: uuid(),
    actor: JSON.parse(about.actor),
    verb: { id: VERBS[verb], display: { "en-US": verb } },
    object: object ?? { objectType: "Activity", id: about.activityId },
    ...(result ? { result } : {}),
    context,
    timestamp: new Date().toISOString(),
  };
}

async function send(statements, { keepalive = false } = {}) {
  await ask("statements", { method: "POST", body: JSON.stringify(statements), keepalive });
}

async function openSession() {
  const before = stored("token");
  if (before) {
    if (stored("ended")) throw new Error("This session has ended. Open the lesson again from your learning system.");
    return before;
  }
  const answer = await fetch(about.fetch, { method: "POST" });
  const found = await answer.json();
  if (!found["auth-token"]) throw new Error("This address can be used once. Open the lesson again from your learning system.");
  stored("token", found["auth-token"]);
  return found["auth-token"];
}

export async function connect(data) {
  if (Object.values(about).some(one => !one)) {
    return { counts: false, ends: false, text: "", note: "This lesson is not connected to a learning system: nothing you do here is kept." };
  }
  let text = "";
  try {
    token = await openSession();
    launch = await (await ask("activities/state", { parameters: state("LMS.LaunchData") })).json();
    // The standard has every lesson ask for the student's preferences; this one has nothing to set by them.
    await ask("agents/profile", { parameters: { agent: about.actor, profileId: "cmi5LearnerPreferences" } });
    const kept = await ask("activities/state", { parameters: state(STATE) });
    if (kept.ok) ({ text, said } = await kept.json());
    if (!stored("begun")) {
      await send([statement("initialized")]);
      stored("begun", "yes");
    }
  } catch (error) {
    if (error.refusal || error instanceof TypeError || error instanceof SyntaxError) {
      throw new Error("The learning system cannot be reached. Close the lesson and open it again.", { cause: error });
    }
    throw error;
  }
  if (data.quiz) mastery = typeof launch.masteryScore === "number" ? launch.masteryScore : null;
  const exit = launch.returnURL ? async (now, counts) => { await exitNow(now, counts); location.assign(launch.returnURL); } : null;
  if (launch.launchMode !== "Normal") {
    return { counts: false, ends: true, text, note: "This is a review: nothing you do here is kept.", exit };
  }
  return { counts: true, ends: true, text, note: "", exit, passPercent: mastery === null ? null : String(Number((mastery * 100).toFixed(5))) };
}

function words(one) {
  const name = id => one.names[id] ?? id;
  const described = ids => ids.map(id => ({ id: name(id), description: { "en-US": one.texts[id] } }));
  const way = value => value.map(part => (one.type === "matching" ? part.map(name).join("[.]") : name(part))).join("[,]");
  const numeric = one.type === "numeric";
  const lists = numeric ? {}
    : one.type === "matching" ? { source: described(one.sources), target: described(one.targets) }
    : { choices: described(one.targets) };
  return {
    response: one.response === null ? "" : numeric ? one.response : way(one.response),
    definition: {
      type: "http://adlnet.gov/expapi/activities/cmi.interaction",
      description: { "en-US": one.description },
      interactionType: one.type,
      correctResponsesPattern: numeric ? [`${one.right[0].low}[:]${one.right[0].high}`] : one.right.map(way),
      ...lists,
    },
  };
}

function answered(one, data) {
  const { response, definition } = words(one);
  const points = Number(one.points);
  const made = statement("answered", {
    object: { objectType: "Activity", id: `${data.id}/${one.id}`, definition },
    result: {
      response,
      success: one.share === 1,
      score: { scaled: one.share, raw: Number((one.share * points).toFixed(4)), min: 0, max: points },
    },
  });
  answers.set(one, made);
  return made;
}

// Whether the record store has it now. One that it refuses is left to the next session, and is no fault of this one.
async function once(verb, now, result, extensions) {
  if (refused.has(verb)) return false;
  try {
    await send([draft(verb, now, result, extensions)]);
    drafts.delete(verb);
    return true;
  } catch (error) {
    if (error.refusal !== 403 && error.refusal !== 409) throw error;
    refused.add(verb);
    return false;
  }
}

function draft(verb, now, result, extensions) {
  if (!drafts.has(verb)) drafts.set(verb, statement(verb, { result: { ...result, duration: duration(now.seconds) }, extensions }));
  return drafts.get(verb);
}

function judged(now) {
  return {
    result: { success: now.success, score: { scaled: Number(now.scaled), raw: Number(now.percent), min: 0, max: 100 } },
    extensions: mastery === null ? undefined : { [MASTERY]: mastery },
  };
}

async function judge(now) {
  if (now.completed && !said.completed) said.completed = await once("completed", now, { completion: true });
  if (!now.success || said.passed) return;
  const { result, extensions } = judged(now);
  said.passed = await once("passed", now, result, extensions);
}

// A session has one result (9.3): that the quiz was failed is said when nothing better can come any more.
function hasFailed(now) {
  return now.success === false && !said.passed && now.attempts > said.failed;
}

function putState(now, options) {
  return ask("activities/state", { parameters: state(STATE), method: "PUT", body: JSON.stringify({ text: now.text, said }), ...options });
}

let last = Promise.resolve();

async function saveNow(now) {
  const fresh = now.interactions.filter(one => !written.has(one));
  if (fresh.length) await send(fresh.map(one => answers.get(one) ?? answered(one, globalThis.LESSON_DATA)));
  for (const one of fresh) written.add(one);
  await judge(now);
  await putState(now);
}

// One after the other: what is newer is never overtaken by what is older.
export function save(now) {
  const mine = last.catch(() => {}).then(() => saveNow(now));
  last = mine;
  return mine;
}

function over() {
  const was = ended;
  ended = true;
  stored("ended", "yes");
  return was;
}

function terminated(now) {
  return statement("terminated", { result: { duration: duration(now.seconds) } });
}

// The student leaves by the button: one after the other, for nothing is taken after the last statement.
async function exitNow(now, counts) {
  if (over()) return;
  await last.catch(() => {});
  try {
    if (counts) {
      await judge(now);
      if (hasFailed(now)) {
        const { result, extensions } = judged(now);
        if (await once("failed", now, result, extensions)) said.failed = now.attempts;
      }
      await putState(now);
    }
  } catch {
    // what could not be kept now is what the last save kept
  }
  await send([terminated(now)]).catch(() => {});
}

// The page goes away and waits for nothing: all that is left goes at once, in its order.
export async function leave(now, counts) {
  if (over()) return;
  const statements = [terminated(now)];
  if (counts && hasFailed(now)) {
    const { result, extensions } = judged(now);
    statements.unshift(draft("failed", now, result, extensions));
    said.failed = now.attempts;
  }
  const sent = counts ? [putState(now, { keepalive: true })] : [];
  sent.push(send(statements, { keepalive: true }));
  await Promise.allSettled(sent);
}
