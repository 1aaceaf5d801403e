// Handing in: what was chosen, said before it is sent; and one tap is enough.

const form = document.querySelector("[data-hand-in]");
if (form) {
  const files = form.querySelector("input[type=file]");
  const chosen = form.querySelector("[data-chosen]");
  files.addEventListener("change", () => {
    const bytes = [...files.files].reduce((sum, file) => sum + file.size, 0);
    const most = Number(form.dataset.most);
    const megabytes = (bytes / 1024 ** 2).toFixed(1);
    chosen.textContent = files.files.length === 0 ? "" : bytes > most
      ? `These files have ${megabytes} MB together, which is more than this assignment takes.`
      : `${files.files.length} chosen, ${megabytes} MB.`;
  });
  form.addEventListener("submit", () => {
    chosen.textContent = "Sending. Keep this page open until the receipt appears.";
  });
}
