// The school's side of a lesson. The player on the other host sends hints; what is true is asked of our own server.

const boot = JSON.parse(document.getElementById("lesson-boot").textContent);
const player = document.getElementById("player");
const problem = document.getElementById("lesson-problem");
const done = document.getElementById("lesson-done");
const statusLine = document.getElementById("lesson-status");
const parts = document.getElementById("lesson-parts");
const controls = document.getElementById("lesson-controls"); // in a course that decides itself which part comes next
let current = null; // the part being played
let playing = false; // a course is open that may have something to save
let leaving = false; // the student has already chosen where to go next
let left = () => {};
let saved = () => {};

async function api(path, options = {}) {
  const answer = await fetch(`/api/v1/lessons/${boot.lesson}/${path}`, {
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    ...options,
  });
  if (answer.status === 401) throw new Error("You were signed out. Sign in again; everything so far is saved.");
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const error = new Error(body.detail ?? "The lesson cannot be opened right now. Try again in a minute.");
    throw Object.assign(error, { slug: /[^/]*$/.exec(body.type ?? "")[0] });
  }
  return body;
}

function say(text) {
  problem.querySelector("p").textContent = text;
  problem.hidden = false;
}

async function open(part) {
  problem.hidden = true;
  done.hidden = true;
  leaving = false;
  try {
    const launch = await api("launches", {
      method: "POST",
      body: JSON.stringify({ sco_id: part, preview: boot.preview }),
    });
    current = launch.sco_id;
    playing = true;
    // Not by src: every part would become a step that the back button has to go through.
    player.contentWindow.location.replace(launch.player_url);
    mark();
  } catch (error) {
    say(error instanceof TypeError ? "There is no connection. Try again when you are online." : error.message);
  }
}

// Go elsewhere in a course with rules of its own: the server decides where that leads.
async function navigate(request, target = null) {
  const at = current;
  leaving = true;
  const last = playing ? await leavePlayer() : null;
  problem.hidden = true;
  try {
    // Where it leads hangs on what the part has reported: not before that is saved.
    if (last && !last.saved) {
      say("Your last step is not saved yet. Keep this page open: the course goes on as soon as it is.");
      await new Promise(resolve => { saved = resolve; });
      problem.hidden = true;
    }
    const after = last && last.seq ? { launch_id: last.launch, seq: last.seq } : {};
    const moved = await navigation({ request, target, at, ...after });
    if (moved.opens) await open(null);
    else {
      leaving = false;
      player.contentWindow.location.replace("about:blank");
      showDone(moved.sentence, null, { again: true });
    }
  } catch (error) {
    leaving = false;
    say(error instanceof TypeError ? "There is no connection. Try again when you are online." : error.message);
  }
  await refresh();
}

// The last report may have gone by a beacon, which overtakes nothing.
async function navigation(asked, tries = 5) {
  try {
    return await api("navigation", { method: "POST", body: JSON.stringify(asked) });
  } catch (error) {
    if (error.slug !== "report-missing" || tries === 1) throw error;
    await new Promise(resolve => setTimeout(resolve, 1_000));
    return navigation(asked, tries - 1);
  }
}

function showControls(navigation) {
  controls.hidden = !navigation;
  for (const button of controls.querySelectorAll("[data-request]")) {
    button.hidden = !navigation?.requests.includes(button.dataset.request);
  }
}

function mark() {
  for (const button of document.querySelectorAll("[data-open]")) {
    if (button.dataset.open === current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

function words(result) {
  const score = result.score_pct === null ? "" : ` · ${result.score_pct}%`;
  if (result.to_check) return "Done: your instructor checks it in person";
  if (result.complete) return `Completed${score}`;
  if (result.missed && result.total === 1) return `Not passed${score}`;
  return `${result.done} of ${result.total} completed${result.missed ? ", not passed yet" : ""}${score}`;
}

async function refresh({ finished = false } = {}) {
  // The student may have chosen where to go by the time the answer is here.
  const asked = current;
  const offer = finished && !leaving;
  if (boot.preview || boot.review) {
    if (finished) showDone("The course has ended. Nothing was recorded.", null);
    return;
  }
  let result;
  try {
    result = await api("result");
  } catch {
    return; // only a display; the next hint asks again
  }
  const standing = words(result);
  // Written only when it changes: writing the same again has it read aloud again.
  if (statusLine.textContent.trim() !== standing) statusLine.textContent = standing;
  for (const part of result.parts) {
    const line = document.querySelector(`[data-part="${CSS.escape(part.sco_id)}"]`);
    const label = line?.querySelector("[data-part-status]");
    if (!label) continue;
    label.textContent = part.status;
    const button = line.querySelector("[data-open]");
    if (button) button.disabled = !part.available;
    const use = line.querySelector("use");
    const name = ["completed", "passed"].includes(part.status) ? "circle-check"
      : part.status === "not attempted" ? "circle" : "circle-dashed";
    use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#${name}`));
  }
  if (controls) showControls(result.navigation);
  if (offer && !leaving && asked === current) {
    const opening = result.parts.filter(part => part.opens && part.available);
    const at = opening.findIndex(part => part.sco_id === current);
    const next = [...opening.slice(at + 1), ...opening.slice(0, at)]
      .find(part => !["completed", "passed"].includes(part.status));
    const onward = result.navigation?.requests.includes("continue");
    const saved = next || onward ? "This part is saved." : result.reason;
    const good = result.complete;
    showDone(good ? "This lesson is completed." : saved, onward ? null : next, { onward, good });
  }
}

function showDone(text, next, { onward = false, again = false, good = false } = {}) {
  done.toggleAttribute("data-good", good);
  done.querySelector("p").textContent = text;
  const button = done.querySelector("[data-next]");
  button.hidden = !(next || onward || again);
  button.textContent = next ? `Next: ${next.title}` : onward ? "Continue" : again ? "Open the course" : "";
  button.onclick = () => (next ? change(next.sco_id) : onward ? navigate("continue") : open(null).then(() => refresh()));
  done.hidden = false;
}

// Ask the player to let the course end its session while somebody can still wait for it.
function leavePlayer() {
  if (!playing) return Promise.resolve(null);
  leaving = true;
  return new Promise(resolve => {
    const timer = setTimeout(resolve, 3000, null);
    left = last => { clearTimeout(timer); resolve(last); };
    player.contentWindow.postMessage({ aada: "leave" }, boot.contentOrigin);
  }).then(last => { playing = false; return last; });
}

async function change(part) {
  parts?.matches(":popover-open") && parts.hidePopover();
  await leavePlayer();
  await open(part);
  await refresh();
}

window.addEventListener("message", event => {
  if (event.origin !== boot.contentOrigin || event.source !== player.contentWindow) return;
  switch (event.data?.aada) {
    case "saved": saved(); refresh(); break;
    case "finished": refresh({ finished: true }); break;
    case "navigate":
      // What the student chose first counts; without rules for where to go, the part has just ended.
      if (leaving) break;
      if (controls && !controls.hidden) navigate(event.data.request, event.data.target);
      else refresh({ finished: true });
      break;
    case "left": left(event.data); break;
    case "over": playing = false; break;
    case "reopen": reopen(); break;
  }
});

for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => change(button.dataset.open));
}
problem.querySelector("[data-again]").addEventListener("click", () => reopen());
for (const link of document.querySelectorAll("[data-leave], .lesson-done a")) {
  link.addEventListener("click", async event => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || !playing) return;
    event.preventDefault();
    await leavePlayer();
    location.assign(link.href);
  });
}

// A course with rules of its own knows itself where the student is.
function reopen() {
  return open(controls && !controls.hidden ? null : current);
}

for (const button of controls?.querySelectorAll("[data-request]") ?? []) {
  button.addEventListener("click", () => {
    if (button.dataset.request === "exitAll" && !confirm(button.dataset.confirm)) return;
    navigate(button.dataset.request);
  });
}

open(null).then(() => { if (controls) refresh(); });
