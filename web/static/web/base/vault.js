/**
 * What the phone keeps of the ledger: receipts, the policy that was met first, organisations' names. It
 * holds no personal data (entries have none), and no other origin opens it.
 */
import { Problem, get, text } from "./api.js";
import { session } from "./session.js";
import { hex } from "/static/ledger/ed25519.js";
import { encodeUtf8, hash } from "/static/ledger/forms.js";
import * as receipts from "/static/ledger/receipt.js";

const WAIT_MS = 2000, TRIES = 30;

// --- the policy -----------------------------------------------------------------------------

/** The policy met first, `{bytes, fingerprint, since}`: whoever exchanges it later is noticed. */
export async function policy() {
  return (await read("known", "policy")) || pin(await published());
}

/** The pinned policy's bytes; where none is pinned, as at a desk, what is published now. */
export async function agreed() {
  return ((await read("known", "policy")) || (await published())).bytes;
}

/** What is published now if it is another than the pinned one; null if it is not, or nobody can be asked. */
export async function otherPolicy() {
  const pinned = await policy();
  const now = await published().catch((fault) => {
    if (fault instanceof Problem) return null;
    throw fault;
  });
  return now && now.fingerprint !== pinned.fingerprint ? now : null;
}

/** From now on receipts are judged by this one. */
export async function pin({ bytes, fingerprint }) {
  const kept = { name: "policy", bytes, fingerprint, since: new Date().toISOString() };
  await write("known", kept);
  return kept;
}

async function published() {
  const bytes = encodeUtf8(await text("/log/policy"));
  return { bytes, fingerprint: hex(hash(bytes)).match(/.{8}/g).slice(0, 4).join(" ") };
}

// --- receipts -------------------------------------------------------------------------------

/**
 * The receipt file of a leaf (64 hex), from the server; what was entered just now is waited for.
 * Throws a `Problem`.
 */
export async function fetched(leaf) {
  for (let left = TRIES; ; left--) {
    try {
      return await text(`/api/receipts/${leaf}`, { file: 1 });
    } catch (problem) {
      if (problem.code !== "entry.not_yet_published" || !left) throw problem;
      await new Promise((resume) => setTimeout(resume, WAIT_MS));
    }
  }
}

/** Keep the receipt of a leaf on this phone, to be checked and shown without a network; what is kept. */
export async function save(leaf) {
  const file = await fetched(leaf), { statement } = receipts.read(new TextEncoder().encode(file)).entry;
  const kept = { leaf, file, kind: statement.kind, subject: statement.subject, at: statement.at, account: session()?.account || "" };
  await Promise.all([write("receipts", kept), policy(), names()]);
  return kept;
}

/** The kept receipt of a leaf, or undefined. */
export function kept(leaf) {
  return read("receipts", leaf);
}

/** All kept receipts, the newest entry first: those of who is logged in, or of this phone if nobody is. */
export async function all() {
  const found = await done((await opened("receipts", "readonly")).getAll()), own = session()?.account;
  return found.filter((one) => !own || one.account === own).sort((a, b) => (a.at < b.at ? 1 : -1));
}

export async function drop(leaf) {
  await done((await opened("receipts", "readwrite")).delete(leaf));
}

// --- names ----------------------------------------------------------------------------------

/** Organisations' names by slug: asked once a page, and remembered for when there is no network. */
export function names() {
  asked ??= get("/api/organisations").then(async ({ organisations }) => {
    const pairs = organisations.map((one) => [one.slug, one.name]);
    await write("known", { name: "names", pairs });
    return new Map(pairs);
  }).catch(async (fault) => {
    asked = undefined;
    if (fault.code !== "offline") throw fault;
    return new Map((await read("known", "names"))?.pairs || []);
  });
  return asked;
}
let asked;

// --- the store ------------------------------------------------------------------------------

async function read(store, key) {
  return done((await opened(store, "readonly")).get(key));
}

async function write(store, value) {
  await done((await opened(store, "readwrite")).put(value));
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function opened(store, mode) {
  const request = indexedDB.open("rx-receipts", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("receipts", { keyPath: "leaf" });
    request.result.createObjectStore("known", { keyPath: "name" });
  };
  return (await done(request)).transaction(store, mode).objectStore(store);
}
