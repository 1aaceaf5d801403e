// Shows how much of a large file has been sent. Without this script the form is sent like any other.

function line(form) {
  const found = form.querySelector("[data-upload-line]");
  if (found) return found;
  const made = document.createElement("p");
  made.dataset.uploadLine = "";
  made.className = "upload-line";
  made.setAttribute("role", "status");
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.setAttribute("aria-label", "Sent");
  made.append(bar, document.createElement("span"));
  form.append(made);
  return made;
}

function show(form, percent, text) {
  const [bar, words] = line(form).children;
  if (percent === null) bar.removeAttribute("value");
  else bar.value = percent;
  // Read aloud when it changes: not each percent.
  if (words.textContent !== text) words.textContent = text;
}

function send(form) {
  const buttons = form.querySelectorAll("button");
  const request = new XMLHttpRequest();
  request.open("POST", form.getAttribute("action") || location.href);
  request.responseType = "document";
  request.setRequestHeader("Accept", "text/html");
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const percent = Math.floor(100 * loaded / total);
    show(form, percent, `${percent - percent % 10}% sent`);
  });
  request.upload.addEventListener("load", () => show(form, null, "Sent. The whole file is being checked …"));
  const again = text => {
    for (const button of buttons) button.disabled = false;
    line(form).remove();
    const said = document.createElement("p");
    said.setAttribute("role", "alert");
    said.textContent = text;
    form.prepend(said);
  };
  request.addEventListener("error", () => again("The connection broke off, and nothing was saved. Try again."));
  request.addEventListener("load", () => {
    const theirs = request.response?.querySelector("main");
    if (request.status < 400) location.assign(request.responseURL);
    else if (theirs) {
      document.querySelector("main").replaceWith(document.adoptNode(theirs));
      start();
      document.querySelector("[role=alert], main")?.focus();
      scrollTo(0, 0);
    } else again("The school’s server did not take the file. Reload the page and try again.");
  });
  for (const button of buttons) button.disabled = true;
  show(form, 0, "0% sent");
  request.send(new FormData(form));
}

function start() {
  for (const form of document.querySelectorAll("form[data-upload]")) {
    form.addEventListener("submit", event => {
      event.preventDefault();
      send(form);
    });
  }
}

start();
