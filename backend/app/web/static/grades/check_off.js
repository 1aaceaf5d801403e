// A check-off on a tablet: the points so far, and the box to sign in. Without it, the confirmation by name remains.

const form = document.querySelector("[data-check-off]");

// The points so far; the server decides.
const result = form.querySelector("[data-result]");
const criteria = [...form.querySelectorAll(".criterion")];
function add() {
  let earned = 0, possible = 0, rated = 0, missed = false;
  for (const one of criteria) {
    const levels = [...one.querySelectorAll("input")];
    const chosen = levels.find((level) => level.checked);
    possible += Math.max(...levels.map((level) => Number(level.value)));
    if (!chosen) continue;
    rated += 1;
    earned += Number(chosen.value);
    missed ||= "critical" in one.dataset && chosen.value === "0";
  }
  if (rated < criteria.length) {
    result.textContent = `${rated} of ${criteria.length} criteria rated.`;
    return;
  }
  const passed = !missed && earned * 100 >= Number(form.dataset.pass) * possible;
  result.textContent = `${earned} of ${possible} points: ${passed ? "passed" : "not passed"}${missed ? ", a critical step was missed" : ""}.`;
}
form.addEventListener("change", add);
add();

// The signature, with a finger, a pen or a mouse.
const place = form.querySelector("[data-signature]");
const canvas = place.querySelector("canvas");
const drawn = place.querySelector("[data-drawn]");
const pen = canvas.getContext("2d");
place.hidden = false;
let drawing = false, inked = false;
function clear() {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  drawn.value = "";
  inked = false;
}
function at(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
}
canvas.addEventListener("pointerdown", (event) => {
  drawing = true;
  canvas.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...at(event));
  event.preventDefault();
});
canvas.addEventListener("pointermove", (event) => {
  if (!drawing) return;
  Object.assign(pen, { strokeStyle: "#111", lineWidth: 5, lineCap: "round", lineJoin: "round" });
  pen.lineTo(...at(event));
  pen.stroke();
  inked = true;
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, () => {
    if (drawing && inked) drawn.value = canvas.toDataURL("image/png");
    drawing = false;
  });
}
place.querySelector("[data-clear]").addEventListener("click", clear);
clear();
