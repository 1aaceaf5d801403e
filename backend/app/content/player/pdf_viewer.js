// Shows a PDF page by page, with its text for screen readers and searching. A frame may not run the browser's own
// viewer, and phones often have none. The page around it hears which pages there are and which were read.

import { getDocument, GlobalWorkerOptions, TextLayer } from "./pdf.min.mjs";

GlobalWorkerOptions.workerSrc = new URL("./pdf.worker.min.mjs", import.meta.url).href;

const READ_AFTER_MS = 2_000; // a page that was only scrolled past was not read
const KEPT_PAGES = 8; // drawn pages; a phone has little memory
const STEP = 1.25;
const pages = document.getElementById("pages");
const status = document.getElementById("status");
const number = document.getElementById("number");
const sheets = [];
const read = new Set();
const drawn = [];
let loaded = null;
let zoom = 1;
let current = 1;

function say(extra = {}) {
  const heard = { pages: loaded.numPages, page: current, read: [...read].sort((a, b) => a - b), ...extra };
  if (window.parent !== window) window.parent.postMessage(heard, location.origin);
  else if (window.opener) window.opener.postMessage(heard, location.origin);
}

async function start() {
  try {
    loaded = await getDocument({ url: location.href.replace(/#.*$/, ""), isEvalSupported: false }).promise;
  } catch {
    status.textContent = "This document cannot be shown. Download it to read it.";
    return;
  }
  const first = await loaded.getPage(1);
  const { width, height } = first.getViewport({ scale: 1 });
  for (let n = 1; n <= loaded.numPages; n += 1) {
    const sheet = document.createElement("section");
    sheet.className = "sheet";
    sheet.tabIndex = -1;
    sheet.setAttribute("aria-label", `Page ${n} of ${loaded.numPages}`);
    sheet.dataset.page = n;
    sheet.style.aspectRatio = `${width} / ${height}`;
    pages.append(sheet);
    sheets.push(sheet);
    near.observe(sheet);
    seen.observe(sheet);
  }
  document.getElementById("count").textContent = `of ${loaded.numPages}`;
  number.max = loaded.numPages;
  status.textContent = "";
  fit();
  const asked = Number(/(?:^#|&)page=(\d+)/.exec(location.hash)?.[1] ?? 1);
  if (asked > 1) go(asked);
  say();
}

// Drawing

function fit() {
  pages.style.setProperty("--zoom", zoom);
  for (const sheet of [...drawn]) erase(sheet);
  for (const sheet of sheets) if (sheet.dataset.near) draw(sheet);
}

async function draw(sheet) {
  if (sheet.dataset.drawn) return;
  sheet.dataset.drawn = "1";
  drawn.push(sheet);
  const page = await loaded.getPage(Number(sheet.dataset.page));
  const unscaled = page.getViewport({ scale: 1 });
  sheet.style.aspectRatio = `${unscaled.width} / ${unscaled.height}`;
  const scale = sheet.clientWidth / unscaled.width;
  const viewport = page.getViewport({ scale });
  const density = Math.min(window.devicePixelRatio || 1, 2);
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(viewport.width * density);
  canvas.height = Math.floor(viewport.height * density);
  const text = document.createElement("div");
  text.className = "textLayer";
  text.style.setProperty("--total-scale-factor", scale);
  sheet.replaceChildren(canvas, text);
  try {
    await page.render({ canvas, viewport, transform: density === 1 ? null : [density, 0, 0, density, 0, 0] }).promise;
    await new TextLayer({ textContentSource: page.streamTextContent(), container: text, viewport }).render();
    say({ shown: true });
  } catch { /* erased meanwhile */ }
  while (drawn.length > KEPT_PAGES) erase(drawn.find(one => !one.dataset.near) ?? drawn[0]);
}

function erase(sheet) {
  drawn.splice(drawn.indexOf(sheet), 1);
  delete sheet.dataset.drawn;
  sheet.replaceChildren();
}

const near = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) { target.dataset.near = "1"; draw(target); } else delete target.dataset.near;
  }
}, { rootMargin: "50%" });

// Reading

const timers = new Map();
const seen = new IntersectionObserver(entries => {
  for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
    const page = Number(target.dataset.page);
    const visible = intersectionRatio >= 0.5 || (rootBounds && intersectionRect.height >= rootBounds.height / 2);
    if (!visible) {
      clearTimeout(timers.get(page));
      timers.delete(page);
      continue;
    }
    current = page;
    number.value = page;
    if (!read.has(page) && !timers.has(page)) timers.set(page, setTimeout(() => isRead(page), READ_AFTER_MS));
  }
}, { threshold: [0, 0.1, 0.25, 0.5, 0.75, 1] });

// A page that was never out of sight is noticed no second time: in a tab that comes back, look at all again.
document.addEventListener("visibilitychange", () => {
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  if (document.visibilityState !== "visible") return;
  for (const sheet of sheets) {
    seen.unobserve(sheet);
    seen.observe(sheet);
  }
});

function isRead(page) {
  timers.delete(page);
  if (document.visibilityState !== "visible") return;
  read.add(page);
  say();
}

// Moving

function go(page) {
  const sheet = sheets[Math.min(Math.max(page, 1), sheets.length) - 1];
  sheet?.scrollIntoView({ block: "start" });
}

number.addEventListener("change", () => go(Number(number.value)));
document.getElementById("before").addEventListener("click", () => go(current - 1));
document.getElementById("after").addEventListener("click", () => go(current + 1));
document.getElementById("larger").addEventListener("click", () => { zoom = Math.min(zoom * STEP, 4); fit(); });
document.getElementById("smaller").addEventListener("click", () => { zoom = Math.max(zoom / STEP, 0.5); fit(); });
window.addEventListener("message", event => {
  if (event.origin === location.origin && event.data?.go) go(event.data.go);
});
let resized = 0;
window.addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(fit, 200); });

start();
