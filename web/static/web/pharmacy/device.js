/**
 * What this device keeps for the hours without a network: the law's limits, the pinned policy, and the
 * slips that were signed. No name and no medicine is among it: a slip says subject and quantities.
 */
import { get } from "../base/api.js";
import { session } from "../base/session.js";
import { needsMlDsa } from "/static/ledger/receipt.js";
import { digest } from "./evidence.js";

/** Fetch anew what is kept, while there is a network; a policy that changed is not taken silently. */
export async function renewed() {
  const [limits, policy, checkpoint] = await Promise.all([get("/api/offline/limits"), bytesOf("/log/policy"), bytesOf("/log/checkpoint")]);
  const origin = new TextDecoder().decode(checkpoint).split("\n")[0], before = await kept();
  const changed = before && fingerprint(before.policy) !== fingerprint(policy);
  const found = { id: "device", limits, origin, pharmacy: session().organisation, policy: changed ? before.policy : policy, fetched: Date.now() };
  await put("device", found);
  return { ...found, newer: changed ? policy : null };
}

/** The consortium's new policy, once a person has compared its fingerprint. */
export async function pin(policy) {
  await put("device", { ...(await kept()), policy });
}

export async function kept() {
  return one("device", "device");
}

/** As `evidence.js` takes it. */
export async function ready(device) {
  const mine = await slips();
  const also = needsMlDsa(device.policy) ? (await import("/static/ledger/mldsa.js")).isMlDsaSignature : undefined;
  return { ...device, isMlDsa: also, taken: mine.map((each) => each.scanned), given_on: mine.map((each) => each.after) };
}

export function fingerprint(policy) {
  return digest(new TextDecoder("latin1").decode(policy)).slice(0, 32).match(/.{8}/g).join(" ");
}

export async function slips() {
  return done((await store("slips", "readonly")).getAll());
}

export async function keepSlip(slip) {
  await put("slips", slip);
}

async function bytesOf(path) {
  const answer = await fetch(path, { cache: "no-store", credentials: "omit" });
  if (!answer.ok) throw Object.assign(new Error(path), { code: "offline", body: {} });
  return new Uint8Array(await answer.arrayBuffer());
}

async function put(name, value) {
  await done((await store(name, "readwrite")).put(value));
}

async function one(name, id) {
  return done((await store(name, "readonly")).get(id));
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(name, mode) {
  const request = indexedDB.open("rx-counter", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("device", { keyPath: "id" });
    request.result.createObjectStore("slips", { keyPath: "digest" });
  };
  return (await done(request)).transaction(name, mode).objectStore(name);
}
