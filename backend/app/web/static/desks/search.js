// The arrow keys go from the box to the results and through them.
const links = [...document.querySelectorAll("[data-results] a")];
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const at = links.indexOf(document.activeElement);
  const inBox = document.activeElement?.matches('input[type="search"]');
  if (!step || !links.length || (at < 0 && !inBox)) return;
  const next = at < 0 ? (step > 0 ? links[0] : null) : links[at + step];
  if (next) { event.preventDefault(); next.focus(); }
  else if (at === 0) { event.preventDefault(); document.getElementById("search-q").focus(); }
});
