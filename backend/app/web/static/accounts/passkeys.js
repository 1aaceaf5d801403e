// Passkeys: a form with data-passkey fetches what the browser needs, asks the authenticator, and goes out with its answer.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withIds = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

const FAILED = {
  NotAllowedError: "No passkey was used: the request was cancelled, took too long, or this device has none for the school. Nothing was changed.",
  InvalidStateError: "This device already has a passkey for your account.",
  NotSupportedError: "This device cannot make a passkey with a fingerprint, face or PIN. Use another device, or an authenticator app.",
  SecurityError: "Passkeys do not work at this address. Open the school’s own address.",
};

async function ask(form) {
  const answer = await fetch(form.dataset.options, { method: "POST", headers: { Accept: "application/json" } });
  if (!answer.ok || !answer.headers.get("content-type")?.startsWith("application/json")) throw new Error("options");
  const options = await answer.json();
  options.challenge = bytes(options.challenge);
  if (form.dataset.passkey === "create") {
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = withIds(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }
  options.allowCredentials = withIds(options.allowCredentials);
  return navigator.credentials.get({ publicKey: options });
}

function plain(credential) {
  const given = credential.response;
  const response = { clientDataJSON: text(given.clientDataJSON) };
  if (given.attestationObject) {
    response.attestationObject = text(given.attestationObject);
    response.transports = given.getTransports?.() ?? [];
  } else {
    response.authenticatorData = text(given.authenticatorData);
    response.signature = text(given.signature);
    if (given.userHandle) response.userHandle = text(given.userHandle);
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  const field = form.querySelector('[name="answer"], [name="proof_answer"]');
  const box = form.querySelector("[data-passkey-error]");
  const button = form.querySelector('button[type="submit"], button:not([type])');
  const say = (sentence) => { box.hidden = false; box.querySelector("div").textContent = sentence; };
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    say("This browser cannot use passkeys here. Use a code instead, or another browser.");
    continue;
  }
  form.addEventListener("submit", async (event) => {
    if (field.value) return;
    event.preventDefault();
    event.stopPropagation();
    box.hidden = true;
    button.disabled = true;
    try {
      field.value = plain(await ask(form));
      form.submit();
    } catch (error) {
      say(FAILED[error.name] ?? "The passkey could not be used. Nothing was changed; load the page again and try once more.");
    }
    button.disabled = false;
  });
}
// Coming back with the browser's button: an answer is good once.
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll('[data-passkey] [name="answer"], [data-passkey] [name="proof_answer"]')) field.value = "";
});
