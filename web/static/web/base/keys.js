/**
 * The keys of this device: Ed25519, made here, never exported.
 *
 * WebCrypto makes them where it knows Ed25519 (RFC 8032; Chromium 137, Safari 17, Firefox 129); the
 * private half is not extractable and lies in IndexedDB as a handle. Elsewhere TweetNaCl signs with a
 * seed that lies there sealed by a key of WebCrypto that is not extractable (AES-256-GCM), so that a
 * copy of the store opens nothing.
 */
import { encodeBase64 } from "/static/ledger/forms.js";
import * as notes from "./note.js";

const STORE = "keys";

/** A new pair: `{public (base64), handle}`; the handle is what `keep` takes. */
export async function make() {
  const pair = await native();
  if (pair) {
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    return { public: encodeBase64(raw), raw, handle: { kind: "webcrypto", private: pair.privateKey } };
  }
  const nacl = (await import("../vendor/tweetnacl/nacl-fast.js")).default;
  const made = nacl.sign.keyPair();
  const sealer = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, sealer, made.secretKey);
  made.secretKey.fill(0);
  return { public: encodeBase64(made.publicKey), raw: made.publicKey, handle: { kind: "tweetnacl", sealer, iv, sealed } };
}

async function native() {
  try {
    return await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  } catch (fault) {
    if (fault.name === "NotSupportedError") return null;
    throw fault;
  }
}

async function signature(handle, bytes) {
  if (handle.kind === "webcrypto") return new Uint8Array(await crypto.subtle.sign("Ed25519", handle.private, bytes));
  const nacl = (await import("../vendor/tweetnacl/nacl-fast.js")).default;
  const secret = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: handle.iv }, handle.sealer, handle.sealed));
  const made = nacl.sign.detached(bytes, secret);
  secret.fill(0);
  return made;
}

/** The signed note of this text by a kept key (C2SP signed-note). */
export async function sign(key, text) {
  const bytes = new TextEncoder().encode(text);
  return notes.withSignature(text, key.name, key.raw, await signature(key.handle, bytes));
}

/** Keep `{account, name, role, organisation, label, public, raw, handle}`. */
export async function keep(key) {
  const store = await opened("readwrite");
  await done(store.put(key));
}

/** The kept key of an account, or undefined. */
export async function of(account) {
  return done((await opened("readonly")).get(account));
}

/** All keys on this device. */
export async function all() {
  return done((await opened("readonly")).getAll());
}

export async function drop(account) {
  await done((await opened("readwrite")).delete(account));
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function opened(mode) {
  const request = indexedDB.open("rx", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "account" });
  return (await done(request)).transaction(STORE, mode).objectStore(STORE);
}
