// Grading: the points so far, and digits that choose a level where the focus is in the rubric. The server decides.

const form = document.querySelector("[data-grade]");
if (form) {
  const result = form.querySelector("[data-result]");
  const criteria = [...form.querySelectorAll(".criterion")].map((one) => [...one.querySelectorAll("input")]);
  const add = () => {
    const chosen = criteria.map((levels) => levels.find((level) => level.checked));
    const rated = chosen.filter(Boolean);
    const possible = criteria.reduce((sum, levels) => sum + Math.max(...levels.map((level) => Number(level.value))), 0);
    const earned = rated.reduce((sum, level) => sum + Number(level.value), 0);
    result.textContent = rated.length < criteria.length
      ? `${rated.length} of ${criteria.length} criteria rated.`
      : `${earned} of ${possible} points.`;
  };
  form.addEventListener("change", add);
  add();
  form.addEventListener("keydown", (event) => {
    const at = criteria.findIndex((levels) => levels.includes(event.target));
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey || !/^[1-9]$/.test(event.key)) return;
    const level = criteria[at][Number(event.key) - 1];
    if (!level) return;
    event.preventDefault();
    level.checked = true;
    add();
    const next = criteria[at + 1];
    (next ? next.find((one) => one.checked) || next[0] : form.querySelector("textarea")).focus();
  });
}
