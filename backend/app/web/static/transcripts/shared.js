// Opens a shared transcript: the secret stands behind the #, so that it is in no log, and is sent in a form.
const form = document.querySelector("form[data-shared]");
if (form && location.hash.length > 20) {
  form.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
}
