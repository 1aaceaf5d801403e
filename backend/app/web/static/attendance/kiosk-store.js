// What a kiosk keeps: who it is, its keys, the punches that have not been answered yet. All of it in IndexedDB, so that
// it outlives a flat battery. The private key cannot be taken out of the browser, and what a student typed is encrypted
// for the server before it is written down.

const bytes = new TextEncoder();
const base64 = (data) => btoa(String.fromCharCode(...new Uint8Array(data)));
const raw = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const hex = (data) => Array.from(new Uint8Array(data), (one) => one.toString(16).padStart(2, "0")).join("");
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const SIGNED = { name: "ECDSA", hash: "SHA-256" };
const TYPED_LENGTH = 64;

export const BATCH = 20;

let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("aada-kiosk", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kiosk");
      request.result.createObjectStore("punches", { keyPath: "counter" });
    };
    // A browser may close a database at any time; it is opened again for the next punch.
    request.onsuccess = () => {
      request.result.onclose = () => { opened = undefined; };
      resolve(request.result);
    };
    request.onerror = () => { opened = undefined; reject(request.error); };
  });
  return opened;
}

// Runs `work(store…)` in one transaction and waits until it is on the disk.
async function within(mode, work) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(["kiosk", "punches"], mode, { durability: "strict" });
    let result;
    transaction.oncomplete = () => resolve(result?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
    result = work(transaction.objectStore("kiosk"), transaction.objectStore("punches"));
  });
}

export const read = () => within("readonly", (kiosk) => kiosk.get("this"));
export const waiting = () => within("readonly", (_kiosk, punches) => punches.count());
const oldest = (count) => within("readonly", (_kiosk, punches) => punches.getAll(null, count));

async function change(values) {
  await navigator.locks.request("aada-kiosk", async () => {
    const before = await read();
    await within("readwrite", (kiosk) => kiosk.put({ ...before, ...values }, "this"));
  });
}

// Registration

export async function register(code) {
  const keys = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  const publicKey = base64(await crypto.subtle.exportKey("spki", keys.publicKey));
  const sent = Date.now();
  const response = await fetch("/api/v1/kiosk/register", {
    method: "POST",
    credentials: "omit",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code, public_key: publicKey }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  await navigator.storage?.persist?.();
  await within("readwrite", (kiosk) => kiosk.put({
    id: answer.kiosk, name: answer.name, keys, serverKey: answer.server_key, next: 1, chain: answer.chain,
    offset: difference(sent, answer), revoked: false,
  }, "this"));
}

// Forgets that this tablet was a kiosk; what the server has not answered is asked about before.
export const forget = () => within("readwrite", (kiosk, punches) => { kiosk.clear(); punches.clear(); });

// How far the server's clock is ahead of this one, in milliseconds: the mean of the way there and the way back.
function difference(sent, answer) {
  return Math.round((answer.received_at - sent + (answer.answered_at - Date.now())) / 2);
}

// Punching

async function encrypted(serverKey, boundTo, typed) {
  const server = await crypto.subtle.importKey("raw", raw(serverKey), { name: "ECDH", namedCurve: "P-256" }, false, []);
  const mine = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: server }, mine.privateKey, 256);
  const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytes.encode("aada kiosk typed") },
    secret, { name: "AES-GCM", length: 256 }, false, ["encrypt"],
  );
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const closed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: bytes.encode(boundTo) },
    key, bytes.encode(typed.padEnd(TYPED_LENGTH)),
  );
  const point = await crypto.subtle.exportKey("raw", mine.publicKey);
  return base64(new Uint8Array([...new Uint8Array(point), ...nonce, ...new Uint8Array(closed)]));
}

// Writes one punch down and gives its number. Two tabs, or two quick taps, never use a number twice.
export async function punch(kind, typed) {
  const made = Date.now();
  return navigator.locks.request("aada-kiosk", async () => {
    const kiosk = await read();
    const counter = kiosk.next;
    const closed = await encrypted(kiosk.serverKey, `${kiosk.id}:${counter}`, typed);
    const text = bytes.encode(
      ["aada-kiosk-punch-v1", kiosk.id, counter, kiosk.chain, kind, made, kiosk.offset, closed].join("\n"),
    );
    const signature = base64(await crypto.subtle.sign(SIGNED, kiosk.keys.privateKey, text));
    const row = { counter, previous: kiosk.chain, kind, made_at: made, offset: kiosk.offset, typed: closed, signature };
    const chain = hex(await crypto.subtle.digest("SHA-256", text));
    await within("readwrite", (own, punches) => {
      punches.add(row);
      own.put({ ...kiosk, next: counter + 1, chain }, "this");
    });
    return counter;
  });
}

// Contact with the server

// Sends the oldest punches, and takes those away that were answered. Gives the answers; an empty batch is a sign of life.
export async function send(signal) {
  return navigator.locks.request("aada-kiosk-send", async () => {
    const kiosk = await read();
    const punches = await oldest(BATCH);
    const sent = Date.now();
    const body = JSON.stringify({ kiosk: kiosk.id, sent_at: sent, punches });
    const signature = base64(await crypto.subtle.sign(SIGNED, kiosk.keys.privateKey, bytes.encode(body)));
    const response = await fetch("/api/v1/kiosk/punches", {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json", "X-Kiosk-Signature": signature },
      body,
      signal,
    });
    const answer = await response.json();
    if (!response.ok) throw Object.assign(new Error(answer.detail), { status: response.status });
    await within("readwrite", (_own, rows) => { for (const one of answer.punches) rows.delete(one.counter); });
    await change({ offset: difference(sent, answer), name: answer.name, revoked: answer.revoked });
    return answer;
  });
}
