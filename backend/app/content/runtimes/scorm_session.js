// What a session of a course has come to so far, whatever the edition.

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

  // `status` is empty while the course has set none; `value` is what moments of the same status are compared by.
  note(status, value, moment) {
    if (!status) return;
    const known = this.reached.get(status);
    if (known && !(Number(value) > Number(known.value))) return;
    this.reached.set(status, { value, moment });
  }

  toJSON() {
    return { before: this.before, reached: [...this.reached.values()].map(one => one.moment).slice(-10) };
  }
}
