// How far a text is read: its end counts when it was on the screen for a moment, and nobody reads for long without
// touching anything.

const AWAY_MS = 5 * 60_000;
const SEEN_MS = 1_000;
const EVERY_SECONDS = 10;

// `before`: where the student was, { end, place } with the place in thousandths. `changed(now)` is called when something
// is worth keeping: the end was reached, or some seconds have passed. The answer always says how it stands.
export function reading(page, before, changed) {
  const now = { end: before.end, place: before.place, seconds: 0 };
  let touched = Date.now();
  let timer = 0;

  let inView = false;
  function look() {
    clearTimeout(timer);
    if (!inView || now.end || document.visibilityState !== "visible") return;
    timer = setTimeout(() => {
      now.end = true;
      changed(now);
    }, SEEN_MS);
  }
  new IntersectionObserver(([seen]) => {
    inView = seen.isIntersecting;
    look();
  }, { root: page }).observe(document.getElementById("end"));
  // A short text has its end on the screen already when the student comes back to it.
  document.addEventListener("visibilitychange", look);

  page.addEventListener("scroll", () => {
    touched = Date.now();
    const most = page.scrollHeight - page.clientHeight;
    now.place = most > 0 ? Math.min(1000, Math.max(0, Math.round((page.scrollTop / most) * 1000))) : 0;
  }, { passive: true });
  for (const name of ["pointerdown", "keydown"]) {
    window.addEventListener(name, () => { touched = Date.now(); }, { capture: true, passive: true });
  }
  setInterval(() => {
    if (document.visibilityState !== "visible" || Date.now() - touched > AWAY_MS) return;
    now.seconds += 1;
    if (now.seconds % EVERY_SECONDS === 0) changed(now);
  }, 1_000);
  return now;
}

// Go to where the student was.
export function goTo(page, place) {
  if (place > 0) page.scrollTop = (place / 1000) * (page.scrollHeight - page.clientHeight);
}
