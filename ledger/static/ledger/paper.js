/*
 * A receipt from the texts of its QR codes (`RX1:…`), as ledger/paper.py writes them.
 *
 *     joined(texts) → a promise of the receipt file's bytes; refused: a Refusal, code "malformed"
 *     parts(bytes, least) → a promise of such texts, no longer than `least` unless 16 would not do
 *
 * Needs DecompressionStream: browsers since 2023, Node 18. A mini-program brings an `inflate` of its
 * own: a function from bytes to a promise of bytes, never more than `most` of them.
 */
import { hex } from "./ed25519.js";
import * as forms from "./forms.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const PART = /^RX1:([1-9][0-9]?)\/([1-9][0-9]?):([0-9A-F]{8}):([0-9A-Z $%*+\-./:]+)$/;
const MAX_PARTS = 16, MAX_BYTES = 4 << 20;

/** Base45, RFC 9285, section 4. */
function decode(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const part = text.slice(at, at + 3);
    let number = 0;
    for (let i = part.length - 1; i >= 0; i--) number = number * 45 + ALPHABET.indexOf(part[i]);
    const size = part.length - 1;
    if (size === 0 || number >= 256 ** size) forms.malformed("the parts are damaged");
    if (size === 2) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return Uint8Array.from(bytes);
}

/** zlib (RFC 1950) by the platform; stops as soon as there is too much. */
async function inflated(packed, most) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return forms.concat(...chunks);
    size += value.length;
    if (size > most) {
      await reader.cancel();
      return forms.malformed("the parts are damaged");
    }
    chunks.push(value);
  }
}

function collected(texts) {
  const found = new Map(), labels = new Set();
  let count = 0, sign = "";
  for (const text of texts) {
    const part = PART.exec(text);
    if (!part) forms.malformed("not a part of a receipt");
    const number = Number(part[1]);
    if (found.has(number) && found.get(number) !== part[4]) forms.malformed("a part is there twice, with different contents");
    found.set(number, part[4]);
    [count, sign] = [Number(part[2]), part[3]];
    labels.add(part[2] + ":" + sign);
  }
  if (labels.size !== 1) forms.malformed(labels.size ? "the parts are of different receipts" : "there are no parts");
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((number) => !found.has(number));
  if (missing.length || found.size !== count || count > MAX_PARTS) {
    forms.malformed("missing of " + count + " parts: " + missing.join(", "));
  }
  const text = Array.from({ length: count }, (_, i) => found.get(i + 1)).join("");
  return { packed: decode(text), sign };
}

/** The extra data in base64 again. */
function wrapped(bytes) {
  const text = forms.decodeUtf8(bytes), first = text.indexOf("\n") + 1, second = text.indexOf("\n", first);
  const line = text.slice(first, second);
  if (!line.startsWith("extra ")) return bytes;
  const extra = forms.encodeBase64(forms.encodeUtf8(line.slice(6)));
  return forms.encodeUtf8(text.slice(0, first) + "extra " + extra + text.slice(second));
}

async function joined(texts, inflate = inflated) {
  const { packed, sign } = collected(texts);
  if (hex(forms.hash(packed)).slice(0, 8).toUpperCase() !== sign) forms.malformed("the parts are damaged");
  let data;
  try {
    data = await inflate(packed, MAX_BYTES);
  } catch (error) {
    if (error instanceof forms.Refusal) throw error;
    forms.malformed("the parts are damaged");
  }
  return wrapped(data);
}

// --- writing --------------------------------------------------------------------------------

function encode(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const isPair = at + 1 < bytes.length, number = isPair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    text += ALPHABET[number % 45] + ALPHABET[Math.floor(number / 45) % 45];
    if (isPair) text += ALPHABET[Math.floor(number / 2025)];
  }
  return text;
}

async function deflated(bytes) {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** The extra data as they are. */
function unwrapped(bytes) {
  const text = forms.decodeUtf8(bytes), first = text.indexOf("\n") + 1, second = text.indexOf("\n", first);
  const line = text.slice(first, second);
  if (!line.startsWith("extra ")) return bytes;
  const extra = forms.decodeUtf8(forms.decodeBase64(line.slice(6)));
  return forms.encodeUtf8(text.slice(0, first) + "extra " + extra + text.slice(second));
}

/** Screens want small codes and paper large ones, so `least` is the caller's. */
async function parts(bytes, least = 700) {
  const packed = await deflated(unwrapped(bytes)), text = encode(packed);
  const length = Math.max(Math.ceil(text.length / MAX_PARTS), Math.min(least, text.length));
  const count = Math.ceil(text.length / length), sign = hex(forms.hash(packed)).slice(0, 8).toUpperCase();
  const cut = Array.from({ length: count }, (_, i) => text.slice(i * length, (i + 1) * length));
  return cut.map((one, i) => `RX1:${i + 1}/${count}:${sign}:${one}`);
}

export { joined, parts };
