// The quiz of a lesson. Whoever is asked draws, keeps the time and grades; this page shows what it is given, sends each
// answer as it is given, and calls nothing saved that is not.

import { controls, made } from "./quiz_answers.js";
import { ask } from "./quiz_server.js";
import { hint } from "./shell.js";
import { stands } from "./written.js";

const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
const APART_MS = 500; // typed text is not sent letter by letter
const body = document.getElementById("quiz-body");
const heading = document.getElementById("quiz-name");
const said = document.getElementById("quiz-said");
const waiting = new Map(); // position -> what is not saved yet
let sending = false;
let failures = 0;
let quiz = null;
let clock = 0;
let sendTimer = 0;
let ending = false;

function say(text) {
  if (said.textContent !== text) said.textContent = text;
}

// Where somebody stands before, between and after attempts

function percent(value) {
  return `${Number(value.toFixed(2))}%`;
}

function rules() {
  const lines = [`${quiz.count} ${quiz.count === 1 ? "question" : "questions"}. You pass with ${quiz.pass_percent}%.`];
  if (quiz.minutes) lines.push(`You have ${Number(quiz.minutes.toFixed(1))} minutes. The clock goes on if you leave the page.`);
  if (quiz.attempts !== null && !quiz.preview) {
    const left = Math.max(0, quiz.attempts - quiz.used);
    lines.push(`${left} of ${quiz.attempts} attempts left.`);
  }
  if (quiz.attempts !== 1) {
    lines.push({ highest: "Your best attempt counts.", last: "Your last attempt counts.", first: "Your first attempt counts.", average: "The average of your attempts counts." }[quiz.method]);
  }
  if (quiz.due) lines.push(`Due ${quiz.due}.${quiz.feedback === "due" ? " Right answers are shown afterwards, and the quiz can’t be started after that." : ""}`);
  return made("ul", { class: "rules" }, ...lines.map(text => made("li", { text })));
}

function result(past, open) {
  const verdict = past.passed ? "Passed" : "Not passed";
  const part = made("details", { class: past.passed ? "result passed" : "result" }, made("summary", { text: `Attempt ${past.number}: ${percent(past.percent)} – ${verdict}` }));
  part.open = open;
  const points = `${Number(past.points.toFixed(2))} of ${Number(past.possible.toFixed(2))} points.`;
  part.append(made("p", { text: past.ended_by === "time limit" ? `${points} It was submitted when the time was over.` : points }));
  if (past.questions) part.append(...past.questions.map(question => shown(question, true)));
  return part;
}

function overview() {
  clearInterval(clock);
  const parts = [rules()];
  const left = !quiz.closed && (quiz.attempts === null || quiz.used < quiz.attempts);
  if (left || quiz.preview && quiz.attempts !== 0) {
    const button = made("button", { type: "button", class: "main", text: quiz.past.length ? "Take the quiz again" : "Start the quiz" });
    button.addEventListener("click", () => begin(button));
    parts.push(made("p", {}, button));
  }
  const latest = quiz.past.at(-1);
  parts.push(...[...quiz.past].reverse().map(past => result(past, past === latest)));
  body.replaceChildren(...parts);
}

// Taking it

async function begin(button) {
  button.disabled = true;
  try {
    quiz = await ask("quiz/start", {});
    take();
    heading.focus();
  } catch (error) {
    button.disabled = false;
    trouble(error instanceof TypeError ? "There is no connection. Try again when you are online." : error.message);
  }
}

function trouble(text) {
  let line = document.getElementById("quiz-trouble");
  if (!line) {
    line = made("p", { id: "quiz-trouble", class: "trouble", role: "alert" });
    body.prepend(line);
  }
  line.hidden = !text;
  if (text) hint("unsaved");
  if (line.textContent !== (text ?? "")) line.textContent = text ?? "";
}

function shown(question, past) {
  const legend = made("legend", {}, made("span", { class: "which", text: `Question ${question.position}` }));
  const prompt = made("div", { class: "prompt" });
  prompt.innerHTML = question.prompt; // made by the server from Markdown, which lets no HTML through
  const state = made("p", { class: "state" });
  const box = made("fieldset", { class: "question", id: `${past ? "past" : "question"}-${question.position}` }, legend, prompt);
  const fields = controls(question, answer => changed(question, answer));
  box.append(fields);
  const lock = () => { for (const one of fields.querySelectorAll("input, select, button")) one.disabled = true; };
  if (!past && quiz.feedback === "question" && !quiz.preview) {
    const check = made("button", { type: "button", text: "Check this answer" });
    check.hidden = question.checked;
    check.addEventListener("click", () => checkOne(question, check, lock, box));
    box.append(made("p", {}, check));
  }
  if (!past) box.append(state);
  if (past || question.checked) lock();
  if (question.feedback) box.append(explained(question.feedback, question.earned, question.points));
  return box;
}

function explained(feedback, earned, points) {
  const verdict = feedback.right ? "Right." : feedback.share > 0 ? "Partly right." : "Not right.";
  const gained = earned === undefined ? "" : ` ${Number(earned.toFixed(2))} of ${points} ${points === 1 ? "point" : "points"}.`;
  const part = made("div", { class: feedback.right ? "feedback right" : "feedback" }, made("p", {}, made("strong", { text: verdict }), gained));
  if (!feedback.right && feedback.key.length) {
    part.append(made("p", { text: "Right answer:" }), made("ul", {}, ...feedback.key.map(text => made("li", { text }))));
  }
  if (feedback.why) {
    const why = made("div");
    why.innerHTML = feedback.why; // as the prompt
    part.append(why);
  }
  return part;
}

function take() {
  const { open } = quiz;
  const time = made("p", { class: "time", hidden: open.seconds_left === null });
  const form = made("form", { class: "taking", novalidate: true }, time, ...open.questions.map(question => shown(question, false)));
  const submit = made("button", { class: "main", text: "Submit the quiz" });
  const sure = made("div", { class: "sure", hidden: true, role: "group", "aria-label": "Submit the quiz" });
  form.append(made("p", {}, submit), sure);
  form.addEventListener("submit", event => { event.preventDefault(); confirm(sure, submit); });
  body.replaceChildren(form);
  if (open.seconds_left !== null) run(time, open.seconds_left);
}

function run(line, seconds) {
  const until = performance.now() + seconds * 1000;
  let warned = Infinity;
  const show = () => {
    const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    line.textContent = `Time left: ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    for (const mark of [300, 60]) {
      if (left <= mark && warned > mark && seconds > mark) {
        say(mark === 60 ? "One minute left." : "Five minutes left.");
        warned = mark;
      }
    }
    if (left === 0) {
      clearInterval(clock);
      finish("Time is up. ");
    }
  };
  clearInterval(clock);
  clock = setInterval(show, 500);
  show();
}

function confirm(sure, submit) {
  const left = quiz.open.questions.filter(question => !answered(question)).length;
  const text = left ? `${left} ${left === 1 ? "question has" : "questions have"} no answer. You cannot change anything afterwards.`
    : "You cannot change anything afterwards.";
  const yes = made("button", { type: "button", class: "main", text: "Submit now" });
  const no = made("button", { type: "button", text: "Go back to the questions" });
  yes.addEventListener("click", () => { yes.disabled = true; finish("", () => { yes.disabled = false; }); });
  no.addEventListener("click", () => { sure.hidden = true; submit.hidden = false; submit.focus(); });
  sure.replaceChildren(made("p", { text }), yes, no);
  sure.hidden = false;
  submit.hidden = true;
  yes.focus();
}

function answered(question) {
  return Object.keys(question.answer).length > 0;
}

// Saving

function changed(question, answer) {
  question.answer = answer;
  if (quiz.preview) return;
  question.seq = Math.max(question.seq + 1, Date.now());
  waiting.set(question.position, { attempt: quiz.open.attempt, position: question.position, seq: question.seq, answer });
  mark(question.position, "Saving …");
  clearTimeout(sendTimer);
  sendTimer = setTimeout(send, APART_MS);
}

function mark(position, text) {
  const line = document.querySelector(`#question-${position} .state`);
  if (line) line.textContent = text;
}

// One after the other, the oldest first, until everything is saved; true if it is.
async function send() {
  if (sending) return false;
  sending = true;
  try {
    while (waiting.size) {
      const [position, sent] = waiting.entries().next().value;
      const found = await ask("quiz/answer", sent);
      failures = 0;
      trouble(null);
      if (found.closed) {
        waiting.clear();
        await reload("Time is up. ");
        return true;
      }
      if (waiting.get(position) === sent) {
        waiting.delete(position);
        mark(position, "Saved.");
      }
    }
    return true;
  } catch (error) {
    if ([401, 404, 410].includes(error.status)) {
      trouble(error.message);
      return false;
    }
    trouble("Not saved – retrying. Keep this page open.");
    sendTimer = setTimeout(send, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures += 1;
    return false;
  } finally {
    sending = false;
  }
}

async function allSent() {
  clearTimeout(sendTimer);
  for (let tries = 0; tries < 20 && (sending || waiting.size); tries += 1) {
    if (!sending && await send()) break;
    await new Promise(resolve => { setTimeout(resolve, 250); });
  }
  return waiting.size === 0;
}

async function checkOne(question, button, lock, box) {
  if (!answered(question)) { say("Answer the question first."); mark(question.position, "Answer the question first."); return; }
  button.disabled = true;
  waiting.delete(question.position);
  question.seq = Math.max(question.seq + 1, Date.now());
  try {
    const found = await ask("quiz/answer", {
      attempt: quiz.open.attempt, position: question.position, seq: question.seq, answer: question.answer, check: true,
    });
    if (found.closed) { await reload("Time is up. "); return; }
    question.checked = true;
    button.hidden = true;
    lock();
    mark(question.position, "Saved.");
    const part = explained(found.feedback);
    part.tabIndex = -1;
    box.append(part);
    part.focus();
  } catch (error) {
    button.disabled = false;
    changed(question, question.answer); // it was taken out of what waits, and is not saved
    trouble(error instanceof TypeError ? "There is no connection. Try again when you are online." : error.message);
  }
}

async function finish(why, failed = () => {}) {
  if (ending) return;
  ending = true;
  try {
    if (!quiz.preview && !await allSent()) throw new Error("Some answers are not saved yet, so nothing was submitted. Try again when you are online.");
    if (!quiz.open) return; // sending found that the time is over, and shows what came of it
    const answers = Object.fromEntries(quiz.open.questions.filter(answered).map(({ position, answer }) => [position, answer]));
    quiz = await ask("quiz/submit", quiz.preview ? { attempt: 0, answers } : { attempt: quiz.open.attempt });
    over(why);
  } catch (error) {
    failed();
    trouble(error instanceof TypeError ? "Not submitted: there is no connection. Try again when you are online." : error.message);
    if (why) setTimeout(() => finish(why), 5_000);
  } finally {
    ending = false;
  }
}

async function reload(why) {
  quiz = await ask("quiz");
  over(why);
}

function over(why) {
  overview();
  const past = quiz.past.at(-1);
  if (past) say(`${why}Your score: ${percent(past.percent)}. ${past.passed ? "Passed." : "Not passed."}`);
  heading.focus();
  // The lesson may be completed by it.
  if (quiz.lesson_status) stands(["completed", "passed"].includes(quiz.lesson_status), quiz.lesson_status);
  hint("saved");
}

window.addEventListener("online", () => { if (waiting.size) send(); });
window.addEventListener("beforeunload", event => { if (waiting.size) event.preventDefault(); });

try {
  quiz = await ask("quiz");
  if (quiz.open) take();
  else overview();
} catch (error) {
  body.replaceChildren(made("p", { class: "trouble", role: "alert", text: error.message }));
}
