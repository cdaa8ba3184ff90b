/*
 * Check that a list of indices is all entries of the log about one patient, and no others.
 *
 *     verifyList(proofBytes, tag, indices, policyBytes, isMlDsaSignature?)
 *       → {head, cosigned}, or throws a Refusal with a stable `code`:
 *         malformed, bad_policy, bad_signature, not_final, unproven, not_listed, incomplete
 *
 * The form and the rules are those of ledger/patients.py. What the entries say is not looked at here:
 * each has a receipt (`receipt.js`).
 */
import { hex } from "./ed25519.js";
import * as forms from "./forms.js";
import * as policies from "./policy.js";

const FORMAT = "smart-hospital/patient-list/v1";
const SUFFIX = "/patients", VALIDATORS = "validators", NONE = "none";
const DEPTH = 16, BUCKETS = 1 << DEPTH, RECORD = 72, MOST = 4 << 20;

function refuse(code, words) {
  throw new forms.Refusal(code, words);
}

function tagged(tag, ...parts) {
  return forms.hash(forms.concat(Uint8Array.of(tag), ...parts));
}

/** Eight bytes, the highest first. */
function big(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

function bucketOf(key) {
  return key[0] * 256 + key[1];
}

// --- reading --------------------------------------------------------------------------------

/** {bucket, records, siblings, head} */
function parse(bytes) {
  if (bytes.length > MOST) forms.malformed("the proof is too long");
  const data = forms.decodeUtf8(bytes), gap = data.indexOf("\n\n");
  const lines = data.slice(0, gap).split("\n");
  const numbered = /^bucket (0|[1-9][0-9]{0,4})$/.exec(lines[1] || "");
  if (gap < 0 || lines[0] !== FORMAT || !numbered || Number(numbered[1]) >= BUCKETS) forms.malformed("not a proof of a patient's list");
  if (lines.length < 2 + DEPTH) forms.malformed("the proof has 16 siblings");
  const bucket = Number(numbered[1]);
  const records = lines.slice(2, -DEPTH).map(readRecord), siblings = lines.slice(-DEPTH).map(forms.decodeBase64);
  if (siblings.some((one) => one.length !== 32)) forms.malformed("a hash has 32 bytes");
  const keys = records.map((one) => hex(one.subarray(0, 32)));
  const isOrdered = keys.every((key, i) => i === 0 || keys[i - 1] < key);
  if (!isOrdered || records.some((one) => bucketOf(one) !== bucket)) forms.malformed("the records are not those of one bucket, in order");
  return { bucket, records, siblings, head: data.slice(gap + 2) };
}

function readRecord(line) {
  const record = forms.decodeBase64(line.startsWith("record ") ? line.slice(7) : "");
  if (record.length !== RECORD || countOf(record) === 0n) forms.malformed("not a record: key, a count above 0, root");
  return record;
}

function countOf(record) {
  return new DataView(record.buffer, record.byteOffset + 32, 8).getBigUint64(0);
}

// --- proofs ---------------------------------------------------------------------------------

/** The root to which the bucket and its siblings lead. */
function rootOf(proof) {
  let found = tagged(0, ...proof.records), number = BUCKETS + proof.bucket;
  for (const sibling of proof.siblings) {
    found = number & 1 ? tagged(1, sibling, found) : tagged(1, found, sibling);
    number >>= 1;
  }
  return found;
}

/** RFC 6962, 2.1, over the leaves of the indices. */
function treeOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return tagged(1, treeOf(leaves.slice(0, split)), treeOf(leaves.slice(split)));
}

/** The policy for heads of lists: the logs' keys sign them under the lists' names. */
function forLists(policy) {
  const logs = policy.logs.map((key) => {
    const name = key.name + SUFFIX;
    const material = forms.concat(forms.encodeUtf8(name), Uint8Array.of(10, key.type), key.key);
    return { ...key, name, id: hex(forms.hash(material).subarray(0, 4)) };
  });
  return { ...policy, logs };
}

function quorumOf(policy) {
  const isAsked = policy.groups.some((group) => group.name === VALIDATORS);
  return policy.quorum === NONE && !isAsked ? NONE : VALIDATORS;
}

function verifyList(bytes, tag, indices, policyBytes, isMlDsa) {
  const policy = policies.parse(policyBytes), proof = parse(bytes), key = forms.hash(forms.encodeUtf8(tag));
  const found = policies.finalHead(proof.head, forLists(policy), isMlDsa, quorumOf(policy)), size = found.head.size;
  if (proof.bucket !== bucketOf(key)) refuse("unproven", "the proof is of another bucket");
  if (!forms.same(rootOf(proof), found.head.root)) refuse("unproven", "the proof does not lead to the head's root");
  const record = proof.records.find((one) => forms.same(one.subarray(0, 32), key));
  if (!record) {
    if (indices.length) refuse("not_listed", "no entry is about this patient up to " + size);
    return found;
  }
  if (countOf(record) !== BigInt(indices.length)) {
    refuse("incomplete", countOf(record) + " entries are about this patient, " + indices.length + " were given");
  }
  const rises = indices.every((index, i) => index >= 0 && index < (i + 1 < indices.length ? indices[i + 1] : size));
  if (!rises) refuse("incomplete", "the indices do not rise, or go beyond the head");
  if (!forms.same(treeOf(indices.map((index) => tagged(0, big(index)))), record.subarray(40))) {
    refuse("incomplete", "other entries are about this patient than those given");
  }
  return found;
}

/** Up to which size of the log the proof speaks, before anything of it is checked. */
function sizeOf(bytes) {
  return forms.parseHead(forms.parseNote(parse(bytes).head).text).size;
}

export { verifyList, sizeOf };
