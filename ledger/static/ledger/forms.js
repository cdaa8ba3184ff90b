/*
 * The forms that receipts are made of, each with one encoding: base64, UTF-8, canonical JSON, signed
 * notes, verifier keys, tree heads, statements. The rules are those of ledger/note.py, entry.py and
 * treehead.py. Whatever is not in its one form is refused with the code "malformed".
 */
import { hex, isValidPoint } from "./ed25519.js";
import { sha256 } from "./vendor/sha2.js";

var ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// Python's idea of a space, control characters, and the plus sign
var UNFIT = /[\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/;
var HEADER = "smart-hospital/entry/v1\n";
var LARGEST = 9007199254740992;

/** Why a receipt does not hold; `code` is stable. */
function Refusal(code, words) {
  this.code = code;
  this.message = words;
}
Refusal.prototype = Object.create(Error.prototype);
Refusal.prototype.name = "Refusal";

function malformed(words) {
  throw new Refusal("malformed", words);
}

// --- bytes and texts ------------------------------------------------------------------------

function encodeUtf8(text) {
  var bytes = [], escaped;
  try {
    escaped = encodeURIComponent(text);
  } catch (error) {
    malformed("a string is not Unicode text");
  }
  for (var i = 0; i < escaped.length; i++) {
    if (escaped[i] === "%") {
      bytes.push(parseInt(escaped.substr(i + 1, 2), 16));
      i += 2;
    } else bytes.push(escaped.charCodeAt(i));
  }
  return new Uint8Array(bytes);
}

function decodeUtf8(bytes) {
  var escaped = "";
  for (var i = 0; i < bytes.length; i++) escaped += "%" + (bytes[i] + 256).toString(16).slice(1);
  try {
    return decodeURIComponent(escaped);
  } catch (error) {
    return malformed("not UTF-8");
  }
}

function concat() {
  var size = 0, at = 0, i;
  for (i = 0; i < arguments.length; i++) size += arguments[i].length;
  var joined = new Uint8Array(size);
  for (i = 0; i < arguments.length; i++) {
    joined.set(arguments[i], at);
    at += arguments[i].length;
  }
  return joined;
}

function same(a, b) {
  return hex(a) === hex(b);
}

function encodeBase64(bytes) {
  var text = "";
  for (var i = 0; i < bytes.length; i += 3) {
    var left = bytes.length - i;
    var word = bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    text += ALPHABET[word >> 18] + ALPHABET[word >> 12 & 63];
    text += left > 1 ? ALPHABET[word >> 6 & 63] : "=";
    text += left > 2 ? ALPHABET[word & 63] : "=";
  }
  return text;
}

function decodeBase64(text) {
  var bytes = [], word = 0, bits = 0;
  var body = text.replace(/={1,2}$/, "");
  for (var i = 0; i < body.length; i++) {
    var value = ALPHABET.indexOf(body[i]);
    if (value < 0) malformed("not base64");
    word = (word << 6 | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(word >> bits & 0xff);
    }
  }
  var decoded = new Uint8Array(bytes);
  if (encodeBase64(decoded) !== text) malformed("not canonical base64");
  return decoded;
}

// --- canonical JSON -------------------------------------------------------------------------

/** By code points, where JavaScript compares UTF-16 units. */
function byCodePoint(a, b) {
  var x = Array.from(a), y = Array.from(b);
  for (var i = 0; i < x.length && i < y.length; i++) {
    if (x[i] !== y[i]) return x[i].codePointAt(0) - y[i].codePointAt(0);
  }
  return x.length - y.length;
}

function canonical(value, depth) {
  if (depth === undefined) depth = 16;
  if (typeof value === "string") {
    encodeUtf8(value); // refuses lone surrogates
    return JSON.stringify(value);
  }
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isInteger(value) || Math.abs(value) > LARGEST) malformed("not an integer within 2^53");
    return String(value);
  }
  if (value === null || typeof value !== "object" || depth === 0) malformed("no canonical JSON");
  if (Array.isArray(value)) {
    return "[" + value.map(function (item) { return canonical(item, depth - 1); }).join() + "]";
  }
  return "{" + Object.keys(value).sort(byCodePoint).map(function (name) {
    return canonical(name) + ":" + canonical(value[name], depth - 1);
  }).join() + "}";
}

function readCanonical(text) {
  var value;
  try {
    value = JSON.parse(text);
    if (canonical(value) === text) return value;
  } catch (error) {
    if (error instanceof Refusal) throw error;
  }
  return malformed("not canonical JSON");
}

function named(value, names) {
  var fits = value !== null && typeof value === "object" && !Array.isArray(value);
  if (!fits || Object.keys(value).sort().join() !== names.slice().sort().join()) {
    malformed("an object must have the members " + names.join(", "));
  }
  return value;
}

function string(value) {
  return typeof value === "string" ? value : malformed("a string is missing");
}

function own(object, name) {
  return Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;
}

// --- signed notes and keys ------------------------------------------------------------------

function checkName(name) {
  if (!name || UNFIT.test(name)) malformed("unfit for a key name");
}

/** {text, signatures: [{name, id, value}]}; `id` in hex, `value` as bytes. */
function parseNote(data) {
  if (/[\x00-\x09\x0b-\x1f]/.test(data)) malformed("the note holds a control character");
  var split = data.lastIndexOf("\n\n");
  if (split < 0 || !data.endsWith("\n") || data.length === split + 2) malformed("no signatures");
  var lines = data.slice(split + 2, -1).split("\n");
  if (lines.length > 64 || encodeUtf8(data).length > 1 << 20) malformed("the note is too long");
  return { text: data.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  var space = line.indexOf(" ", 2);
  if (!line.startsWith("\u2014 ") || space < 0) malformed("not a signature line");
  var name = line.slice(2, space), material = decodeBase64(line.slice(space + 1));
  checkName(name);
  if (material.length < 5) malformed("the signature is too short");
  return { name: name, id: hex(material.subarray(0, 4)), value: material.subarray(4) };
}

/** {name, id, type, key} of `<name>+<id>+<base64>`; `types` are those that may be. */
function parseKey(vkey, types) {
  var first = vkey.indexOf("+"), second = first < 0 ? -1 : vkey.indexOf("+", first + 1);
  if (second < 0) malformed("not a verifier key");
  var name = vkey.slice(0, first), material = decodeBase64(vkey.slice(second + 1));
  if (types.indexOf(material[0]) < 0) malformed("not a verifier key of this kind");
  checkName(name);
  var bytes = encodeUtf8(name);
  if (material[0] !== 1 && bytes.length > 255) malformed("the name is longer than 255 bytes");
  var key = material.subarray(1);
  var fits = material[0] === 6 ? key.length === 1312 : isValidPoint(key);
  if (!fits) malformed("the public key is not valid");
  var id = hex(sha256(concat(bytes, new Uint8Array([10]), material)).subarray(0, 4));
  if (vkey.slice(first + 1, second) !== id) malformed("another key id");
  return { name: name, id: id, type: material[0], key: key };
}

function parseHead(text) {
  var lines = text.split("\n");
  if (lines.length !== 4 || lines[3]) malformed("a tree head has three lines");
  var root = decodeBase64(lines[2]);
  if (!/^(0|[1-9][0-9]{0,15})$/.test(lines[1]) || root.length !== 32) malformed("not a tree head");
  if (Number(lines[1]) >= LARGEST) malformed("the tree is too large for this program");
  checkName(lines[0]);
  return { origin: lines[0], size: Number(lines[1]), root: root };
}

// --- statements -----------------------------------------------------------------------------

var FIELDS = ["at", "by", "commitment", "facts", "kind", "log", "patient", "prev", "subject", "version"];

function isMoment(text) {
  var found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{6}Z$/.exec(text);
  if (!found) return false;
  var n = found.slice(1).map(Number), leap = n[0] % 4 === 0 && (n[0] % 100 !== 0 || n[0] % 400 === 0);
  var days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][n[1] - 1];
  return n[0] > 0 && n[2] > 0 && n[2] <= days && n[3] < 24 && n[4] < 60 && n[5] < 60;
}

function parseStatement(text) {
  if (!text.startsWith(HEADER) || !text.endsWith("\n")) malformed("not an entry of this format");
  if (encodeUtf8(text).length > 65535) malformed("the statement is too long");
  var content = named(readCanonical(text.slice(HEADER.length, -1)), FIELDS);
  ["log", "subject", "kind", "by", "patient", "prev", "commitment", "at"].forEach(function (field) {
    string(content[field]);
  });
  if (!content.log || !content.subject || !content.kind) malformed("a field is empty");
  if (canonical(content.facts)[0] !== "{") malformed("facts is no object");
  if (typeof content.version !== "number" || content.version < 1) malformed("versions count from 1");
  checkName(content.by);
  var prev = decodeBase64(content.prev), commitment = decodeBase64(content.commitment);
  if (prev.length !== (content.version === 1 ? 0 : 32)) malformed("prev is of another length");
  if (commitment.length !== 0 && commitment.length !== 32) malformed("a commitment has 32 bytes");
  if (!isMoment(content.at)) malformed("not a moment");
  return Object.assign({}, content, { prev: prev, commitment: commitment });
}

export {
  Refusal, malformed, encodeUtf8, decodeUtf8, concat, same, encodeBase64, decodeBase64, canonical,
  readCanonical, named, string, own, checkName, byCodePoint, parseNote, parseKey, parseHead,
  parseStatement, sha256 as hash,
};
