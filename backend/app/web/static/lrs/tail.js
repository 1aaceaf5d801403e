// The live tail of the statement list: asks for what is new every few seconds while it is on and in sight.

const EVERY = 3000, MOST_ROWS = 500;
const bar = document.querySelector("[data-tail]");
const box = document.querySelector("[data-tail-rows]");
const empty = document.querySelector("[data-tail-empty]");
if (bar && box) begin();

function begin() {
  const button = bar.querySelector("button"), label = button.querySelector("span"), said = bar.querySelector("[role=status]");
  const rows = box.querySelector("tbody");
  let on = false, after = bar.dataset.after, timer = null, arrived = 0;

  async function look() {
    timer = null;
    if (!on) return;
    try {
      if (!document.hidden) await fetchNew();
    } catch {
      said.textContent = "The school’s server does not answer. Retrying.";
    }
    if (on && timer === null) timer = setTimeout(look, EVERY);
  }

  async function fetchNew() {
    const address = new URL(bar.dataset.tail, location.href);
    address.searchParams.set("after", after);
    const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "manual" });
    // Who is signed out is sent to the sign-in page, and asking again would not help.
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return signedOut();
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    if (!on) return;
    after = answer.headers.get("X-Last-Key") ?? after;
    const count = Number(answer.headers.get("X-Count"));
    if (count) {
      box.hidden = false;
      empty?.remove();
      rows.insertAdjacentHTML("afterbegin", html);
      while (rows.rows.length > MOST_ROWS) rows.deleteRow(-1);
      arrived += count;
    }
    said.textContent = arrived ? `Following: ${arrived} new.` : "Following; nothing new yet.";
  }

  function signedOut() {
    on = false;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Sign in again";
    said.replaceChildren("You are signed out, so new statements are no longer shown. ", link);
    button.setAttribute("aria-pressed", "false");
    label.textContent = "Follow live";
  }

  button.addEventListener("click", () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
    label.textContent = on ? "Pause" : "Follow live";
    said.textContent = on ? "Following; nothing new yet." : `Paused${arrived ? ` after ${arrived} new` : ""}.`;
    clearTimeout(timer);
    timer = null;
    if (on) look();
  });
  bar.hidden = false;
}
