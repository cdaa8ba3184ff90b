/*
 * Check a receipt file with nothing but the policy: no network, no server, no clock.
 *
 *     verify(receiptBytes, policyBytes, isMlDsaSignature?)
 *       → {statement, signers, index, head, cosigned, opened}, or throws a Refusal with a stable `code`:
 *         malformed, bad_policy, bad_signature, not_final, not_included, unknown_signer, not_opened
 *
 * The third is `mldsa.js`'s, for a policy that `needsMlDsa`; without it such signatures count for
 * nothing. It says what ledger/receiptfile.py says, and cannot say what that cannot: whether the
 * matter has changed since. An ES module without a build step: a browser imports it, so does Node,
 * and so does a mini-program (whose engine needs BigInt).
 */
import * as forms from "./forms.js";
import * as policies from "./policy.js";

var FORMAT = "c2sp.org/tlog-proof@v1", FILE = "smart-hospital/receipt/v1";

function refuse(code, words) {
  throw new forms.Refusal(code, words);
}

function tagged(tag, parts) {
  return forms.hash(forms.concat.apply(null, [new Uint8Array([tag])].concat(parts)));
}

// --- reading --------------------------------------------------------------------------------

function parse(bytes) {
  if (bytes.length > 4 << 20) forms.malformed("the receipt is too long");
  var data = forms.decodeUtf8(bytes), gap = data.indexOf("\n\n");
  var top = data.slice(0, gap), lines = top.split("\n");
  if (gap < 0 || lines.shift() !== FORMAT || /[^\x00-\x7f]/.test(top)) forms.malformed("not a receipt");
  if (!lines.length || !lines[0].startsWith("extra ")) forms.malformed("it does not contain its entry");
  var extra = forms.decodeUtf8(forms.decodeBase64(lines.shift().slice(6)));
  var index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() || "");
  if (!index || Number(index[1]) >= 9007199254740992) forms.malformed("the receipt has no index");
  var proof = lines.map(forms.decodeBase64);
  if (proof.length > 63 || proof.some(function (one) { return one.length !== 32; })) forms.malformed("not a proof");
  return { index: Number(index[1]), proof: proof, checkpoint: data.slice(gap + 2), extra: extra };
}

function hashes(value) {
  var joined = forms.decodeBase64(forms.string(value)), found = [];
  if (joined.length % 32) forms.malformed("a hash has 32 bytes");
  for (var at = 0; at < joined.length; at += 32) found.push(joined.subarray(at, at + 32));
  return found;
}

function list(value) {
  return Array.isArray(value) ? value : forms.malformed("a list is missing");
}

function readKey(value) {
  forms.named(value, ["entry", "index", "proof"]);
  if (typeof value.index !== "number" || value.index < 0) forms.malformed("an index counts from 0");
  var entry = readEntry(forms.string(value.entry));
  return { entry: entry, index: value.index, proof: hashes(value.proof) };
}

function readEntry(data) {
  var note = forms.parseNote(data);
  return { data: forms.encodeUtf8(data), note: note, statement: forms.parseStatement(note.text) };
}

function readField(value) {
  if (list(value).length !== 3) forms.malformed("a field has a salt, a name and a value");
  return { salt: forms.decodeBase64(forms.string(value[0])), name: forms.string(value[1]), value: value[2] };
}

function isRising(values, compare) {
  return values.every(function (value, i) { return i === 0 || compare(values[i - 1], value) < 0; });
}

function byBytes(a, b) {
  for (var i = 0; i < 32; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

function read(bytes) {
  var receipt = parse(bytes), parts = forms.readCanonical(receipt.extra);
  forms.named(parts, ["format", "entry", "keys", "opened", "digests"]);
  if (parts.format !== FILE) forms.malformed("not a receipt file of this format");
  var file = {
    receipt: receipt,
    entry: readEntry(forms.string(parts.entry)),
    keys: list(parts.keys).map(readKey),
    opened: list(parts.opened).map(readField),
    digests: hashes(parts.digests)
  };
  checkOrder(file.entry.statement.log, file.keys);
  var names = file.opened.map(function (one) { return one.name; });
  if (!isRising(names, forms.byCodePoint) || !isRising(file.digests, byBytes)) forms.malformed("out of order");
  if (file.digests.length && !names.length) forms.malformed("there are digests, and no field is opened");
  return file;
}

/** First the keys of the entry's own log, then log by log, each by rising index. */
function checkOrder(log, keys) {
  var seen = [log], last = -1;
  keys.forEach(function (key) {
    var its = key.entry.statement.log;
    if (its !== seen[seen.length - 1]) {
      if (seen.indexOf(its) >= 0) forms.malformed("the keys are not in order");
      seen.push(its);
      last = -1;
    }
    if (key.index <= last) forms.malformed("the keys are not in order");
    last = key.index;
  });
}

// --- proofs ---------------------------------------------------------------------------------

/** Refuse unless the proof leads from the entry to the head's root. RFC 9162, 2.1.3.2. */
function checkIncluded(head, index, entry, proof) {
  if (index >= head.size) refuse("not_included", "the leaf is not in the tree");
  var position = index, last = head.size - 1, found = tagged(0, [entry]);
  proof.forEach(function (sibling) {
    if (last === 0) refuse("not_included", "the proof is too long");
    if (position % 2 || position === last) {
      found = tagged(1, [sibling, found]);
      while (position % 2 === 0 && position) {
        position = position / 2;
        last = Math.floor(last / 2);
      }
    } else found = tagged(1, [found, sibling]);
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  });
  if (last) refuse("not_included", "the proof is too short");
  if (!forms.same(found, head.root)) refuse("not_included", "the proof leads to another root");
}

/** The keys that an entry brought into force; `heads` are the trees known so far, by origin. */
function keysOf(key, checked, heads) {
  var statement = key.entry.statement, head = heads.get(statement.log);
  if (!head) refuse("unknown_signer", "the file does not prove what " + statement.log + " is");
  checkIncluded(head, key.index, key.entry.data, key.proof);
  if (head === checked.head && key.index >= checked.index) {
    refuse("unknown_signer", "a key was registered after it signed");
  }
  if (statement.kind === "log.open" && key.index === 0) {
    var before = predecessor(statement), found = head === checked.head ? serviceKeys(statement) : [];
    if (before) {
      if (heads.has(before.origin)) forms.malformed("a log continues itself");
      heads.set(before.origin, before);
    }
    return found;
  }
  if (statement.kind !== "key.register") refuse("unknown_signer", "no key is registered by " + statement.kind);
  var newcomer = newKey(statement);
  if (!policies.isSigned(key.entry.note, [newcomer])) {
    refuse("bad_signature", newcomer.name + " did not sign its registration");
  }
  return [newcomer];
}

function serviceKeys(opening) {
  var keys = forms.own(opening.facts, "service_keys");
  if (keys === null || typeof keys !== "object" || Array.isArray(keys)) forms.malformed("no service keys");
  return Object.keys(keys).map(function (role) { return forms.parseKey(forms.string(keys[role]), [1]); });
}

function predecessor(opening) {
  var facts = forms.own(opening.facts, "predecessor");
  if (facts === undefined) return null;
  forms.named(facts, ["origin", "root", "size"]);
  if (typeof facts.size !== "number") forms.malformed("the predecessor has a size");
  return forms.parseHead(forms.string(facts.origin) + "\n" + facts.size + "\n" + forms.string(facts.root) + "\n");
}

function newKey(registration) {
  var key = forms.parseKey(forms.string(forms.own(registration.facts, "vkey")), [1]);
  if (registration.subject !== "key/" + key.name) forms.malformed("the registration is about another key");
  return key;
}

/** All who signed the entry, each once; every line must be a known key's. */
function signersOf(entry, known) {
  var names = [];
  entry.note.signatures.forEach(function (line) {
    var is = known.some(function (key) { return key.name === line.name && key.id === line.id; });
    if (!is) refuse("unknown_signer", "the file does not prove whose key " + line.name + " is");
    if (names.indexOf(line.name) < 0) names.push(line.name);
  });
  policies.isSigned(entry.note, known);
  if (names.indexOf(entry.statement.by) < 0) refuse("unknown_signer", entry.statement.by + " did not sign");
  return names;
}

function tripleOf(field) {
  return [forms.encodeBase64(field.salt), field.name, field.value];
}

function digestOf(field) {
  if (field.salt.length !== 16) forms.malformed("a salt has 16 bytes");
  return forms.hash(forms.encodeUtf8(forms.canonical(tripleOf(field))));
}

function openedOf(file, commitment) {
  var opened = {};
  if (!file.opened.length) return opened;
  var digests = file.opened.map(function (one) {
    Object.defineProperty(opened, one.name, { value: one.value, enumerable: true, configurable: true });
    return digestOf(one);
  }).concat(file.digests).sort(byBytes);
  if (!isRising(digests, byBytes)) forms.malformed("a digest occurs twice");
  if (!forms.same(forms.hash(forms.concat.apply(null, digests)), commitment)) {
    refuse("not_opened", "the opened fields are not those of the entry's record");
  }
  return opened;
}

/**
 * The receipt with these fields of the record opened and the others hidden; for its holder.
 *
 * `fields` are all of the record, [salt, name, value], as the server gives them to the patient.
 */
function withOpened(bytes, fields, names) {
  var file = read(bytes), every = list(fields).map(readField), parts = forms.readCanonical(file.receipt.extra);
  names.forEach(function (name) {
    if (!every.some(function (one) { return one.name === name; })) forms.malformed("the record has no field " + name);
  });
  function isShown(one) { return names.indexOf(one.name) >= 0; }
  var shown = every.filter(isShown).sort(function (a, b) { return forms.byCodePoint(a.name, b.name); });
  var hidden = every.filter(function (one) { return names.length && !isShown(one); }).map(digestOf);
  parts.opened = shown.map(tripleOf);
  parts.digests = forms.encodeBase64(forms.concat.apply(null, hidden.sort(byBytes)));
  var line = forms.encodeBase64(forms.encodeUtf8(forms.canonical(parts)));
  var text = forms.decodeUtf8(bytes), begin = (FORMAT + "\nextra ").length;
  var opened = forms.encodeUtf8(text.slice(0, begin) + line + text.slice(text.indexOf("\n", begin)));
  openedOf(read(opened), file.entry.statement.commitment);
  return opened;
}

/** Whether the third argument of `verify` is wanted for this policy. */
function needsMlDsa(policyBytes) {
  return policies.needsMlDsa(policies.parse(policyBytes));
}

function verify(bytes, policyBytes, isMlDsa) {
  var policy = policies.parse(policyBytes), file = read(bytes), receipt = file.receipt;
  var final = policies.finalHead(receipt.checkpoint, policy, isMlDsa), head = final.head;
  checkIncluded(head, receipt.index, file.entry.data, receipt.proof);
  var statement = file.entry.statement, checked = { head: head, index: receipt.index };
  if (statement.log !== head.origin) forms.malformed("an entry of another log: " + statement.log);
  var known = policy.logs.filter(function (key) { return key.type === 1 && key.name === head.origin; });
  var heads = new Map([[head.origin, head]]);
  file.keys.forEach(function (key) { known = known.concat(keysOf(key, checked, heads)); });
  if (statement.kind === "key.register") known.push(newKey(statement));
  return {
    statement: statement,
    signers: signersOf(file.entry, known),
    index: receipt.index,
    head: head,
    cosigned: final.cosigned,
    opened: openedOf(file, statement.commitment)
  };
}

const Refusal = forms.Refusal;
export { verify, withOpened, needsMlDsa, read, Refusal };
