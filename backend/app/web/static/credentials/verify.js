// A code behind the # of the address comes from a QR code: browsers send that part to nobody, so it stands in no log.
// It is put into the form, taken out of the address, and sent.
const form = document.querySelector("[data-verify]");
const code = location.hash.slice(1);
if (form && /^[0-9A-Za-z-]{16,19}$/.test(code)) {
  history.replaceState(null, "", location.pathname);
  form.elements.code.value = code;
  form.requestSubmit();
}
