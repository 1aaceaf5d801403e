// On a phone the text and its preview are two tabs; beside each other there is nothing to choose. Whoever leaves with
// unsaved changes is asked first.

const form = document.querySelector("[data-editor]");
const list = form.querySelector("[role=tablist]");
const tabs = [...list.querySelectorAll("[role=tab]")];
const text = form.querySelector("textarea");
const saved = text.value;
let sending = false;

function choose(chosen) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).classList.toggle("behind", !isChosen);
  }
}

for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", event => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = tabs[1 - tabs.indexOf(tab)];
    choose(other);
    other.focus();
  });
}
list.hidden = false;
form.classList.add("tabbed");
choose(tabs[0]);

form.addEventListener("submit", () => { sending = true; });
window.addEventListener("beforeunload", event => {
  if (!sending && text.value !== saved) event.preventDefault();
});
