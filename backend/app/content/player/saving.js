// Saving what the course reports, so that nothing is called saved that is not.
//
// While the page lives, what the course itself asks to be kept (Commit, Finish) goes by a synchronous request:
// the run-time has to answer the course at once, and the answer must be true. Between those calls every change
// follows by itself within a moment. Only when the page goes away is a beacon used; it carries 64 KiB at most.
// Commits are numbered from the number the server saw last, so one that is sent again is counted once.

const BEACON_BYTES = 64_000; // of 65,536, which all beacons under way share
const CHANGE_DELAY_MS = 400;
const APART_MS = 2_000; // a course that reports every second need not be saved every second
const RETRY_MS = [2_000, 4_000, 8_000, 15_000, 30_000];
const FINAL = new Set(["unauthorized", "gone", "not-found", "conflict"]);

export class Saving {
  // `read()` gives the present data model; `report(kind, detail)` is called with: saving, saved, trouble, over.
  constructor({ url, lastSeq, read, report, session }) {
    this.session = session; // what the session has come to, whatever of it was saved
    this.url = url;
    this.seq = lastSeq;
    this.read = read;
    this.report = report;
    this.savedText = null; // data model of the newest commit that was acknowledged
    this.finishPending = false; // a Finish that has not been acknowledged
    this.failures = 0;
    this.timer = 0;
    this.inFlight = null;
    this.over = false;
    this.lastSent = 0;
    this.dismissing = false; // the page is being left: no request can be waited for
    window.addEventListener("beforeunload", () => {
      this.dismissing = true;
      setTimeout(() => { this.dismissing = false; }, 1_000); // still on the page
    });
    window.addEventListener("pagehide", () => { this.dismissing = true; }, { capture: true });
    window.addEventListener("pageshow", () => { this.dismissing = false; });
  }

  // The course begins: what it was given needs no saving.
  begun() {
    const first = this.savedText === null;
    if (first) this.savedText = JSON.stringify(this.read());
    else this.changed();
  }

  // The course begins again on its next page: the session has not ended after all.
  goesOn() {
    this.finishPending = false;
  }

  // Something changed: save it soon.
  changed() {
    if (this.over || this.failures) return;
    this.#schedule(Math.max(CHANGE_DELAY_MS, this.lastSent + APART_MS - Date.now()));
  }

  // The connection is back: do not wait for the next try.
  retry() {
    if (this.over || !this.failures) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.#schedule(0);
  }

  // The course asks for its state to be kept. True only if it is.
  now({ finish = false, leaving = false } = {}) {
    if (this.over) return false;
    if (finish) this.finishPending = true;
    clearTimeout(this.timer);
    this.timer = 0;
    const commit = this.#next({ leaving });
    const request = new XMLHttpRequest();
    try {
      request.open("POST", this.url, false);
      request.setRequestHeader("Content-Type", "application/json");
      request.send(commit.body);
    } catch {
      // A page that is going away may not wait for an answer, and a dead network has none.
      return this.dismissing && this.#beacon(commit) ? true : this.#failed(null);
    }
    return this.#answered(commit, request.status, request.responseText);
  }

  // The page goes away: the last chance.
  leaving() {
    if (this.over || !this.#unsaved()) return;
    this.#beacon(this.#next({ leaving: true }));
  }

  get unsaved() {
    return !this.over && this.#unsaved();
  }

  #unsaved() {
    return this.finishPending || JSON.stringify(this.read()) !== this.savedText;
  }

  #next({ leaving = false } = {}) {
    const cmi = this.read();
    const text = JSON.stringify(cmi);
    this.seq += 1;
    const head = { seq: this.seq, finish: this.finishPending, leaving, session: this.session() };
    return { seq: this.seq, text, cmi, head, finish: this.finishPending, body: JSON.stringify({ ...head, cmi }) };
  }

  #schedule(delay) {
    if (!this.timer) this.timer = setTimeout(() => { this.timer = 0; this.#background(); }, delay);
  }

  async #background() {
    if (this.over) return;
    if (this.inFlight) { this.#schedule(CHANGE_DELAY_MS); return; }
    if (!this.#unsaved()) { if (this.failures) this.#settled(); return; }
    const commit = this.#next();
    this.report("saving");
    this.inFlight = commit;
    this.lastSent = Date.now();
    try {
      const answer = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: commit.body,
        credentials: "omit",
      });
      this.#answered(commit, answer.status, await answer.text());
    } catch {
      this.#failed(null);
    } finally {
      this.inFlight = null;
    }
  }

  #answered(commit, status, responseText) {
    let answer = {};
    try { answer = JSON.parse(responseText); } catch { /* a proxy's page, not our answer */ }
    if (status < 200 || status > 299 || answer.result !== true) {
      if (FINAL.has(answer.slug)) { this.#ended(answer); return false; }
      return this.#failed(answer.detail ?? null);
    }
    if (commit.finish) this.finishPending = false;
    // An older answer that comes late does not make newer state saved.
    if (commit.seq === this.seq) this.savedText = commit.text;
    this.#settled();
    const { complete, counted, allowed } = answer;
    this.report("saved", { status: answer.lesson_status, complete, counted, allowed, finish: commit.finish });
    if (this.#unsaved()) this.#schedule(CHANGE_DELAY_MS);
    return true;
  }

  #settled() {
    this.failures = 0;
    this.report("trouble", null);
  }

  #failed(detail) {
    const delay = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    this.report("trouble", detail ?? "Not saved – retrying. Keep this page open.");
    this.#schedule(delay);
    return false;
  }

  #ended(answer) {
    this.over = true;
    clearTimeout(this.timer);
    this.report("over", answer);
  }

  // True if the browser took the whole of it. What is too long for a beacon goes without its longest parts: the
  // server keeps what it has of those.
  #beacon(commit) {
    let { body } = commit;
    const whole = byteLength(body) <= BEACON_BYTES;
    if (!whole) {
      const { suspend_data: _, interactions: __, ...rest } = commit.cmi;
      body = JSON.stringify({ ...commit.head, finish: false, leaving: true, cmi: rest });
    }
    // text/plain: anything else would need a preflight that a closing page does not wait for.
    const taken = navigator.sendBeacon(this.url, new Blob([body], { type: "text/plain;charset=UTF-8" }));
    if (!taken || !whole) return false;
    this.savedText = commit.text;
    if (commit.finish) this.finishPending = false;
    return true;
  }
}

function byteLength(text) {
  return new TextEncoder().encode(text).length;
}
