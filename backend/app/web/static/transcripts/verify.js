// Verifies a transcript: reads number and code from behind the # (they are in no log), and hashes a chosen or dropped
// file in the browser. The file itself is never sent.
const form = document.querySelector("form[data-verify]");
const status = form.querySelector("[data-status]");
const file = form.querySelector('input[type="file"]');
const field = (name) => form.elements[name];

const scanned = /^#([A-Za-z]{2,4}-\d{4}-\d{6,9})(?:\.([0-9A-Za-z-]{16,19}))?$/.exec(location.hash);
if (scanned) {
  history.replaceState(null, "", location.pathname);
  field("number").value = scanned[1];
  field("code").value = scanned[2] ?? "";
  form.requestSubmit();
}

async function compare(chosen) {
  if (!chosen) return;
  if (!crypto.subtle) {
    status.textContent = "This page was not opened securely (https), so the file cannot be compared.";
    return;
  }
  status.textContent = `Comparing ${chosen.name} …`;
  try {
    const digest = await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer());
    field("sha256").value = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch {
    status.textContent = "The file cannot be read. Nothing was sent. Choose it again.";
    return;
  }
  form.requestSubmit();
}

file.addEventListener("change", () => compare(file.files[0]));
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    if (kind === "drop") compare(event.dataTransfer.files[0]);
  });
}
