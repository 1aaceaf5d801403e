// What the frame and the macros need. Pages work without it, only less comfortably.

// Theme
const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function setTheme(dark) {
  root.dataset.bsTheme = dark ? "dark" : "light";
  for (const button of document.querySelectorAll("[data-theme-toggle]")) button.setAttribute("aria-pressed", String(dark));
  document.dispatchEvent(new CustomEvent("themechange"));
}
for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.hidden = false;
  button.setAttribute("aria-pressed", String(root.dataset.bsTheme === "dark"));
  button.addEventListener("click", () => {
    const dark = root.dataset.bsTheme !== "dark";
    try {
      // Choosing what the system says anyway means following the system again.
      if (dark === systemDark.matches) localStorage.removeItem("theme");
      else localStorage.setItem("theme", dark ? "dark" : "light");
    } catch { /* the choice then lasts for this page */ }
    setTheme(dark);
  });
}
systemDark.addEventListener("change", (event) => {
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* see above */ }
  if (!chosen) setTheme(event.matches);
});

// Keys: "/" goes to the search box; Escape closes an open menu.
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
    const box = document.querySelector("[data-search]");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }
  if (event.key === "Escape") {
    const menu = document.querySelector("[data-menu][open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  }
});
function typing(element) {
  return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.closest("dialog[open]");
}

// Menus close on a click elsewhere; dialogs open and close by their buttons.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
  if (event.target.matches("dialog.ask")) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// A form goes out once: a second click on a slow line would do the thing twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  // A button may send the form elsewhere, to look at a preview, say.
  if ((event.submitter?.getAttribute("formmethod") ?? form.method) !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  // Where the answer is a download the page stays, and its button must work again.
  setTimeout(() => delete form.dataset.sent, 5000);
});
// Coming back with the browser's button must find the form usable.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
document.addEventListener("htmx:afterRequest", (event) => { delete event.target.dataset.sent; });

// Clocks that run on from the time the server wrote: the device's own clock may be wrong, its pace is not.
const loaded = Date.now();
function tick() {
  for (const clock of document.querySelectorAll("[data-running-since]")) {
    clock.dataset.startedAt ??= loaded - 1000 * clock.textContent.trim().split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    const seconds = Math.max(0, Math.floor((Date.now() - clock.dataset.startedAt) / 1000));
    const two = (number) => String(number).padStart(2, "0");
    clock.textContent = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }
}
if (document.querySelector("[data-running-since]")) { tick(); setInterval(tick, 1000); }

// Sections that come when they are in sight come before a page is printed, too; paper has no later.
async function everySection() {
  const late = [...document.querySelectorAll('[hx-trigger^="intersect"]')];
  await Promise.all(late.map((one) => htmx.ajax("GET", one.getAttribute("hx-get"), {
    source: one, target: one, swap: "outerHTML", select: one.getAttribute("hx-select"),
  })));
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", async () => { await everySection(); print(); });
}

// What a page wants read first.
function prepare(scope) {
  scope.querySelector("[data-takes-focus]")?.focus();
  for (const figure of scope.querySelectorAll("[data-chart]:not([data-drawn])")) {
    import(figure.dataset.module).then((charts) => charts.draw(figure));
  }
}
prepare(document);
document.addEventListener("htmx:afterSwap", (event) => prepare(event.target));
