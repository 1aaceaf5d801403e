// What a session of a course has come to so far, and the time spans of SCORM 1.2.

export class Session {
  constructor(before) {
    this.before = before ?? "";
    this.reached = new Map(); // status -> the moment with the highest score
  }

  // A page of the course begins. `keep`: the server does not have everything of the one before.
  begin(before, { keep }) {
    this.before = before ?? "";
    if (!keep) this.reached.clear();
  }

  note({ lesson_status, score }) {
    if (!lesson_status || lesson_status === "not attempted") return;
    const known = this.reached.get(lesson_status);
    if (known && !(Number(score.raw) > Number(known.score.raw))) return;
    this.reached.set(lesson_status, { lesson_status, score: { raw: score.raw, min: score.min, max: score.max } });
  }

  toJSON() {
    return { before: this.before, reached: [...this.reached.values()].slice(-10) };
  }
}

export function secondsOf(span) {
  const parts = /^(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(span ?? "");
  return parts ? Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]) : 0;
}

export function spanOf(seconds) {
  const hundredths = Math.round(seconds * 100);
  const two = number => String(Math.floor(number)).padStart(2, "0");
  const hours = String(Math.floor(hundredths / 360_000)).padStart(4, "0");
  return `${hours}:${two(hundredths / 6000 % 60)}:${two(hundredths / 100 % 60)}.${two(hundredths % 100)}`;
}
