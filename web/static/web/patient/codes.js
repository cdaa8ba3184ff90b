/**
 * The patient's code (`pharmacy/codes.py`): a few lines that the phone signs, good once, at one
 * pharmacy. It needs no network: what the network is called is kept from the last time.
 */
import { text } from "../base/api.js";
import * as keys from "../base/keys.js";
import { session } from "../base/session.js";
import * as forms from "/static/ledger/forms.js";
import * as policies from "/static/ledger/policy.js";
import { subject } from "./proof.js";

const FORMAT = "smart-hospital/code/v2", ORIGIN = "rx.origin", NONCE_BYTES = 18;
const LIVES_S = { screen: 120, paper: 7 * 86_400 };

/** `{text, ends}`: the signed code for these prescriptions, and when it ends; not after `until`. */
export async function made(kind, pharmacy, prescriptions, until) {
  const latest = Date.now() + LIVES_S[kind] * 1000;
  const ends = new Date(until ? Math.min(latest, new Date(until)) : latest);
  const nonce = forms.encodeBase64(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))).replaceAll("+", "-").replaceAll("/", "_");
  const moment = ends.toISOString().replace("Z", "000Z");
  const lines = [FORMAT, kind, await origin(), pharmacy, nonce, moment, ...prescriptions.map(subject).sort()];
  const key = await keys.of(session().account);
  return { text: await keys.sign(key, `${lines.join("\n")}\n`), ends };
}

/** The first log of the policy: what codes of this network begin with. */
async function origin() {
  try {
    const [first] = policies.parse(forms.encodeUtf8(await text("/log/policy"))).logs;
    localStorage.setItem(ORIGIN, first.name);
  } catch (problem) {
    if (problem.code !== "offline" || !localStorage.getItem(ORIGIN)) throw problem;
  }
  return localStorage.getItem(ORIGIN);
}
