/*
 * The policy (C2SP tlog-policy): which logs count, and whose cosignatures make a checkpoint final.
 * The rules are those of ledger/policy.py and cosignature.py.
 *
 * Lines by keys of type 0x06 (ML-DSA-44) are judged with the function that the caller brings
 * (`mldsa.js`). Without it they count as if they were not there: then this program may ask for more
 * than Python's, and never accepts what that refuses.
 */
import { hex, isSignature } from "./ed25519.js";
import * as forms from "./forms.js";

var NONE = "none", LOG_KEYS = [1, 6], WITNESS_KEYS = [4, 6];

function bad(words) {
  throw new forms.Refusal("bad_policy", words);
}

/** {logs: [key], witnesses: {name: key}, groups: [{name, threshold, members}], quorum} */
function parse(bytes) {
  if (bytes.length > 256 << 10) bad("the policy is too long");
  var text = "";
  for (var i = 0; i < bytes.length; i++) {
    var b = bytes[i];
    if ((b < 0x20 && b !== 9 && b !== 10) || b === 0x7f) bad("the policy holds a control character");
    text += String.fromCharCode(b); // names are opaque bytes
  }
  if (text && !text.endsWith("\n")) bad("the last line does not end in a newline");
  var found = { logs: [], witnesses: new Map(), groups: [], quorum: null };
  var state = { keys: { log: {}, witness: {} }, members: {}, names: {} };
  text.split("\n").slice(0, -1).forEach(function (line, number) {
    var words = line.split(/[ \t]+/).filter(Boolean);
    if (!words.length || words[0][0] === "#") return;
    try {
      take(found, state, words);
    } catch (error) {
      if (!(error instanceof forms.Refusal)) throw error;
      bad("line " + (number + 1) + ": " + error.message);
    }
  });
  if (found.quorum === null) bad("the policy has no quorum line");
  return found;
}

function take(found, state, words) {
  var verb = words[0], rest = words.slice(1);
  if (verb === "log") {
    count(rest, 1, 2);
    var log = forms.parseKey(utf8(rest[0]), LOG_KEYS);
    once(state.keys.log, log);
    found.logs.push(log);
  } else if (verb === "witness") {
    count(rest, 2, 3);
    fresh(state, rest[0]);
    var witness = forms.parseKey(utf8(rest[1]), WITNESS_KEYS);
    once(state.keys.witness, witness);
    found.witnesses.set(rest[0], witness);
    state.names["n" + rest[0]] = true;
  } else if (verb === "group") {
    count(rest, 3, rest.length);
    fresh(state, rest[0]);
    var members = rest.slice(2);
    members.forEach(function (member) {
      known(state, member);
      if (state.members["n" + member]) forms.malformed("a member already");
      state.members["n" + member] = true;
    });
    found.groups.push({ name: rest[0], threshold: threshold(rest[1], members.length), members: members });
    state.names["n" + rest[0]] = true;
  } else if (verb === "quorum") {
    count(rest, 1, 1);
    if (found.quorum !== null) forms.malformed("a second quorum line");
    if (rest[0] !== NONE) known(state, rest[0]);
    found.quorum = rest[0];
  } else forms.malformed("unknown line");
}

function utf8(word) {
  return forms.decodeUtf8(Uint8Array.from(word, function (one) { return one.charCodeAt(0); }));
}

function count(words, least, most) {
  if (words.length < least || words.length > most) forms.malformed("too few or too many words");
}

function fresh(state, name) {
  if (name === NONE || state.names["n" + name]) forms.malformed("the name is taken");
}

function known(state, name) {
  if (!state.names["n" + name]) forms.malformed("a name is not defined above");
}

function once(keys, key) {
  var marks = ["k" + hex(key.key), "n" + key.name + "\n" + key.id];
  if (keys[marks[0]] || keys[marks[1]]) forms.malformed("the key stands above already");
  keys[marks[0]] = keys[marks[1]] = true;
}

function threshold(word, members) {
  if (word === "any") return 1;
  if (word === "all") return members;
  if (!/^[1-9][0-9]{0,5}$/.test(word) || Number(word) > members) forms.malformed("not a threshold");
  return Number(word);
}

function isMet(policy, names, quorum) {
  var met = new Set(names), wanted = quorum === undefined ? policy.quorum : quorum;
  policy.groups.forEach(function (group) {
    var there = group.members.filter(function (member) { return met.has(member); }).length;
    if (there >= group.threshold) met.add(group.name);
  });
  return wanted === NONE || met.has(wanted);
}

function refused(name) {
  throw new forms.Refusal("bad_signature", name + " did not sign this");
}

/** Whether it holds keys that only `mldsa.js` can judge. */
function needsMlDsa(policy) {
  var keys = policy.logs.concat(Array.from(policy.witnesses.values()));
  return keys.some(function (key) { return key.type === 6; });
}

/** Whether one of the keys signed the note; a line by one of them that does not hold is refused. */
function isSigned(note, keys, isMlDsa) {
  var text = forms.encodeUtf8(note.text), signed = false;
  note.signatures.forEach(function (line) {
    keys.forEach(function (key) {
      if (!isBy(line, key) || (key.type === 6 && !isMlDsa)) return;
      if (key.type === 6) timeOf(key, note.text, line.value, isMlDsa);
      else if (!isSignature(key.key, text, line.value)) refused(line.name);
      signed = true;
    });
  });
  return signed;
}

function isBy(line, key) {
  return line.name === key.name && line.id === key.id;
}

/** When this key cosigned the text, in seconds since 1970. */
function timeOf(key, text, value, isMlDsa) {
  var at = 0, isValid = key.type === 6 ? isMlDsa : isSignature;
  if (value.length < 8) refused(key.name);
  for (var i = 0; i < 8; i++) at = at * 256 + value[i];
  if (at > Number.MAX_SAFE_INTEGER) refused(key.name);
  if (!isValid(key.key, messageOf(key, text, at), value.subarray(8))) refused(key.name);
  return at;
}

/** What a cosigner signs: c2sp.org/tlog-cosignature. */
function messageOf(key, text, at) {
  if (key.type === 4) return forms.encodeUtf8("cosignature/v1\ntime " + at + "\n" + text);
  var head = forms.parseHead(text);
  return forms.concat(
    forms.encodeUtf8("subtree/v1\n\0"), short(key.name), big(at),
    short(head.origin), big(0), big(head.size), head.root
  );
}

function short(text) {
  var bytes = forms.encodeUtf8(text);
  if (bytes.length > 255) refused(text);
  return forms.concat(new Uint8Array([bytes.length]), bytes);
}

/** Eight bytes, the highest first. */
function big(number) {
  var bytes = new Uint8Array(8);
  for (var i = 7; i >= 0; i--) {
    bytes[i] = number % 256;
    number = Math.floor(number / 256);
  }
  return bytes;
}

/** {head, cosigned: {name: seconds}} of a checkpoint that is final under the policy, or its group `quorum`. */
function finalHead(checkpoint, policy, isMlDsa, quorum) {
  var note = forms.parseNote(checkpoint), head = forms.parseHead(note.text), cosigned = {};
  var logs = policy.logs.filter(function (key) { return key.name === head.origin; });
  if (!isSigned(note, logs, isMlDsa)) {
    throw new forms.Refusal("bad_signature", "no log key of the policy signed the checkpoint of " + head.origin);
  }
  note.signatures.forEach(function (line) {
    policy.witnesses.forEach(function (key, name) {
      if (!isBy(line, key) || (key.type === 6 && !isMlDsa)) return;
      var at = timeOf(key, note.text, line.value, isMlDsa);
      cosigned[name] = Math.max(at, forms.own(cosigned, name) || 0);
    });
  });
  if (!isMet(policy, Object.keys(cosigned), quorum)) {
    var said = Object.keys(cosigned).length + " of " + policy.witnesses.size;
    throw new forms.Refusal("not_final", said + " witnesses have cosigned size " + head.size);
  }
  return { head: head, cosigned: cosigned };
}

export { parse, isMet, isSigned, needsMlDsa, finalHead };
