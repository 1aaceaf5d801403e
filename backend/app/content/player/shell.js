// What every lesson's player has: the session that ends by itself, the hints to the school's page around it, and
// the windows that a course opens. What a standard's content reports is its own script's business.
//
// The school's page hears hints only and asks its own server what is true.

export const boot = JSON.parse(document.getElementById("boot").textContent);
export const frame = document.getElementById("course"); // null where the page itself is the player
const trouble = document.getElementById("trouble");
const note = document.getElementById("outside");
const STILL_HERE_MS = 5 * 60_000;
let idleTimer = 0;
let saving = null;
let active = () => false;

export function hint(kind, detail = {}) {
  if (window.parent !== window) window.parent.postMessage({ aada: kind, ...detail }, boot.appOrigin);
}

function showOver(text) {
  for (const shown of document.querySelectorAll("[data-stage]")) shown.hidden = true;
  trouble.hidden = true;
  document.getElementById("over-text").textContent = text;
  document.getElementById("over").hidden = false;
  hint("over");
}

// What a `Saving` calls: saving, saved, trouble, over.
export function report(kind, detail) {
  if (kind === "trouble") {
    trouble.hidden = detail === null;
    trouble.textContent = detail ?? "";
    if (detail !== null) hint("unsaved");
  } else if (kind === "over") {
    showOver(detail.detail ?? "Open the lesson again to continue. Everything up to your last saved step is kept.");
  } else {
    if (kind === "saved") stayAwake();
    hint(kind, detail);
  }
}

// `keeps`: the `Saving` of a standard whose content reports to this page, or null. `isActive()`: whether the content
// may have something to save.
export function begin(keeps, isActive) {
  saving = keeps;
  active = isActive;
  stayAwake();
  if (frame) {
    frame.addEventListener("load", arrived);
    // Only our own pages get a storage from us: content on another server has its own address, whatever is in it.
    const own = new URL("files/", location.href).href;
    const kept = !storesHere() && boot.address.startsWith(own);
    const address = kept ? new URL(`kept/files/${boot.address.slice(own.length)}`, location.href).href : boot.address;
    // Replaced, not added: the token is in it, and going back must leave the lesson rather than open it again.
    frame.contentWindow.location.replace(address);
  }
  hint("ready", { title: boot.title });
}

// Some browsers give a frame of another site no storage, and courses break on the mere question. They get ours then.
window.aadaStorage = { local: new Map(), session: new Map() };

export function storesHere() {
  try {
    return Boolean(window.localStorage) && Boolean(window.sessionStorage);
  } catch {
    return false;
  }
}

// The session ends by itself after a while: better to say so than to let the student work in vain.
function stayAwake() {
  clearTimeout(idleTimer);
  const left = new Date(boot.expiresAt).getTime() - Date.now();
  idleTimer = setTimeout(() => {
    if (saving?.unsaved) return;
    if (saving) saving.over = true;
    showOver("You were away for a while. Nothing was lost.");
  }, Math.max(0, Math.min(boot.idleSeconds * 1000 - 60_000, left)));
}

// Who watches a film says nothing for hours, and is there all the same.
setInterval(async () => {
  if (document.visibilityState !== "visible" && windows.size === 0) return;
  try {
    const answer = await fetch("alive", { method: "POST", credentials: "omit" });
    if (answer.ok) stayAwake();
  } catch { /* no connection: the next time will do */ }
}, STILL_HERE_MS);

// A course may open itself in a window of its own and call us through `opener`. Closing that window is leaving.
const windows = new Set();

export function opened(other) {
  windows.add(other);
}

export function watch(inner) {
  try {
    if (inner.aadaWatched) return;
    inner.aadaWatched = true;
    const open = inner.open;
    inner.open = (...given) => {
      const other = open.apply(inner, given);
      if (other) windows.add(other);
      return other;
    };
    inner.document.addEventListener("securitypolicyviolation", event => outside(hostOf(event.blockedURI)));
    showDocuments(inner.document);
    for (const nested of Array.from(inner.frames)) watch(nested);
  } catch { /* a page of another host */ }
}

setInterval(() => {
  if (frame?.contentWindow) watch(frame.contentWindow);
  for (const other of windows) {
    if (!other.closed) continue;
    windows.delete(other);
    hint("saved"); // whatever it has come to
    if (active() && saving?.unsaved) saving.now({ leaving: true });
  }
}, 500);

// A page has come into the frame.
function arrived() {
  watch(frame.contentWindow);
  let path = "";
  try {
    path = decodeURIComponent(frame.contentWindow.location.pathname).replace(/^.*?\/files\//, "");
  } catch { /* a page of another host */ }
  note.hidden = true;
  outsideOf(path);
}

// Says which servers a page of the package needs and does not get.
export function outsideOf(path) {
  for (const [host, places] of Object.entries(boot.outside)) if (places.includes(path)) outside(host);
}

function hostOf(address) {
  try {
    return new URL(address).host;
  } catch {
    return "";
  }
}

function outside(host) {
  if (!host || host === location.host) return;
  say(`Something on this page comes from ${host}, which your school has not allowed. `
    + "It is not shown. Ask your instructor.");
}

// A sentence above the content.
export function say(text) {
  note.textContent = text;
  note.hidden = false;
}

// A frame may not run a browser's own viewer of PDFs; pages that embed one get ours.
function showDocuments(page) {
  const ours = () => {
    for (const old of page.querySelectorAll("embed, object")) {
      const address = old.getAttribute("src") ?? old.getAttribute("data") ?? "";
      if (!/\.pdf([?#]|$)/i.test(address) && old.type !== "application/pdf") continue;
      const viewer = page.createElement("iframe");
      for (const name of ["id", "class", "style", "width", "height", "title"]) {
        if (old.hasAttribute(name)) viewer.setAttribute(name, old.getAttribute(name));
      }
      if (!viewer.title) viewer.title = "Document";
      viewer.src = address;
      old.replaceWith(viewer);
    }
  };
  ours();
  new page.defaultView.MutationObserver(ours).observe(page, { childList: true, subtree: true });
}

window.addEventListener("pagehide", () => {
  if (active()) saving?.leaving();
});
document.addEventListener("visibilitychange", () => {
  // A phone may never come back from here.
  if (document.visibilityState === "hidden" && active()) saving?.changed();
});
window.addEventListener("online", () => saving?.retry());

window.addEventListener("message", event => {
  if (event.origin !== boot.appOrigin || event.source !== window.parent) return;
  if (event.data?.aada === "leave") leave();
});

// The school's page wants to go elsewhere: let the course end its session while this page can still wait for it.
function leave() {
  let done = false;
  const end = () => {
    if (done) return;
    done = true;
    // Also when the course has ended its session while it was unloaded: no request could be waited for there.
    if (active() && saving?.unsaved) saving.now({ leaving: !frame });
    hint("left", { saved: !saving?.unsaved, launch: boot.launch, seq: saving?.seq ?? 0 });
  };
  if (!frame) {
    end();
    return;
  }
  frame.addEventListener("load", end, { once: true });
  setTimeout(end, 1500);
  frame.contentWindow.location.replace("about:blank");
}

document.getElementById("reopen").addEventListener("click", () => hint("reopen"));
