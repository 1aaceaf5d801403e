// The run-time of a SCORM learning system: found as the standard says, and asked one element at a time.

const MOST_PARENTS = 500;

function lookIn(start, name) {
  let here = start;
  for (let steps = 0; here && steps < MOST_PARENTS; steps += 1) {
    try {
      if (here[name]) return here[name];
    } catch {
      return null; // a page of another server; nothing above it can be asked either
    }
    if (!here.parent || here.parent === here) return null;
    here = here.parent;
  }
  return null;
}

export function findApi(name) {
  const found = lookIn(window, name);
  if (found) return found;
  return window.opener ? lookIn(window.opener, name) : null;
}

export function alone() {
  return { counts: false, ends: false, text: "", note: "This lesson is not connected to a learning system: nothing you do here is kept." };
}

export function onlyShown(text) {
  return { counts: false, ends: true, text, note: "This is a review: nothing you do here is kept." };
}
