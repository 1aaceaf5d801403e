// The quiz without a server of the school: drawn, timed and graded here, and kept where the learning system keeps what
// the lesson remembers. It answers what the quiz's page asks a server elsewhere.

import { packed, unpacked } from "./answers.js";
import { asShown, draw, newSeed } from "./drawing.js";
import { compared, fraction, numberOf, plus, rough, times, written } from "./exact.js";
import { credit } from "./grading.js";
import { interaction } from "./interactions.js";
import { data, judge, keep, passPercent, remembered } from "./lesson.js";
import { readResult } from "./results.js";

const GRACE_MS = 5_000;
const MOST_KEPT = 60; // results of attempts, beyond which those in between are forgotten

function quiz() {
  return data().quiz;
}

function drawn(attempt) {
  const places = draw(quiz().pools, attempt.seed, quiz().shuffle_questions);
  return places.map(place => ({ place, question: data().questions[place] }));
}

function answerAt(attempt, position, question) {
  return unpacked(question.kind, attempt.answers[position - 1]);
}

function shares(attempt) {
  return drawn(attempt).map(({ question }, at) => credit(question.kind, question.content, question.key, answerAt(attempt, at + 1, question)));
}

function deadline(attempt) {
  return quiz().minutes === null ? null : attempt.began + quiz().minutes * 60_000;
}

function isOver(attempt) {
  return deadline(attempt) !== null && Date.now() > deadline(attempt) + GRACE_MS;
}

function dueAt() {
  return quiz().due_at === null ? null : Date.parse(quiz().due_at);
}

function isClosed() {
  return quiz().feedback === "due" && dueAt() !== null && Date.now() >= dueAt();
}

function reveals() {
  if (quiz().feedback === "none") return false;
  return quiz().feedback !== "due" || isClosed();
}

function feedback(question, answer) {
  const share = credit(question.kind, question.content, question.key, answer);
  return { right: compared(share, fraction(1)) === 0, share: rough(share), key: question.words, why: question.why };
}

function shown(attempt, { revealed }) {
  const found = shares(attempt);
  return drawn(attempt).map(({ place, question }, at) => {
    const answer = answerAt(attempt, at + 1, question);
    const checked = attempt.checked.includes(at + 1);
    const seen = {
      position: at + 1,
      kind: question.kind,
      prompt: question.prompt,
      points: Number(question.points),
      content: asShown(question, place, attempt.seed, quiz().shuffle_answers),
      image: question.image,
      answer,
      seq: 0,
      checked,
    };
    if (attempt.over) seen.earned = rough(times(found[at], numberOf(question.points)));
    if (revealed || checked) seen.feedback = feedback(question, answer);
    return seen;
  });
}

function past() {
  const { results, attempt, used } = remembered();
  return results.map((result, at) => {
    const { points, possible, percent, late } = readResult(result);
    const isLatest = at === results.length - 1 && attempt !== null && attempt.over;
    return {
      number: isLatest ? used : at + 1,
      percent: rough(percent),
      passed: compared(percent, passPercent()) >= 0,
      points: rough(points),
      possible: rough(possible),
      ended_by: late ? "time limit" : "student",
      questions: isLatest && reveals() ? shown(attempt, { revealed: true }) : null,
    };
  });
}

function state(status = null) {
  const rules = quiz();
  const { attempt, used } = remembered();
  const going = attempt !== null && !attempt.over;
  return {
    count: rules.pools.reduce((sum, pool) => sum + Math.min(pool.draw, pool.questions.length), 0),
    pass_percent: rough(passPercent()),
    method: rules.method,
    feedback: rules.feedback,
    due: rules.due_at === null ? null : new Date(dueAt()).toLocaleString([], { dateStyle: "long", timeStyle: "short" }),
    closed: isClosed(),
    preview: false,
    minutes: rules.minutes,
    attempts: rules.attempts,
    used,
    past: past(),
    open: !going ? null : {
      attempt: used,
      number: used,
      seconds_left: deadline(attempt) === null ? null : Math.max(0, Math.round((deadline(attempt) - Date.now()) / 1000)),
      questions: shown(attempt, { revealed: false }),
    },
    lesson_status: status,
  };
}

function start() {
  const kept = remembered();
  if (kept.attempt !== null && !kept.attempt.over) return;
  if (isClosed()) throw refused("The due date has passed, and the right answers have been shown.");
  if (quiz().attempts !== null && kept.used >= quiz().attempts) throw refused("You have used all your attempts at this quiz.");
  kept.used += 1;
  kept.attempt = { seed: newSeed(), began: Date.now(), answers: [], checked: [], over: false };
}

function end(by) {
  const kept = remembered();
  const { attempt } = kept;
  const found = shares(attempt);
  const asked = drawn(attempt);
  const points = asked.map(({ question }, at) => times(found[at], numberOf(question.points))).reduce(plus, fraction(0));
  const possible = asked.map(({ question }) => numberOf(question.points)).reduce(plus, fraction(0));
  attempt.over = true;
  kept.results.push(`${written(points)}/${written(possible)}${by === "time limit" ? "t" : ""}`);
  if (kept.results.length > MOST_KEPT) kept.results.splice(1, 1);
  return asked.map(({ question }, at) => interaction(question, answerAt(attempt, at + 1, question), found[at]));
}

function refused(text) {
  return Object.assign(new Error(text), { status: 409 });
}

// Keep an answer; the quiz's page sends what is new after what is old.
function take(sent) {
  const { attempt } = remembered();
  if (attempt === null || attempt.over) return { kept: false, closed: true };
  const { question } = drawn(attempt)[sent.position - 1];
  if (!attempt.checked.includes(sent.position)) {
    while (attempt.answers.length < sent.position) attempt.answers.push("");
    attempt.answers[sent.position - 1] = packed(question.kind, sent.answer);
    if (sent.check && quiz().feedback === "question") attempt.checked.push(sent.position);
  }
  const answer = answerAt(attempt, sent.position, question);
  const found = { kept: true, closed: false, seq: sent.seq, answer };
  return attempt.checked.includes(sent.position) ? { ...found, feedback: feedback(question, answer) } : found;
}

let unreported = []; // answers of an attempt whose end could not be kept yet

export async function ask(path, sent) {
  const { attempt } = remembered();
  if (attempt !== null && !attempt.over && isOver(attempt)) unreported.push(...end("time limit"));
  let found = null;
  if (path === "quiz/start") start();
  else if (path === "quiz/answer") found = take(sent);
  else if (path === "quiz/submit" && !remembered().attempt.over) unreported.push(...end("student"));
  const status = judge();
  if (path !== "quiz" || unreported.length) {
    const reported = unreported;
    await keep(reported);
    unreported = unreported.filter(one => !reported.includes(one));
  }
  return found ?? state(status);
}
