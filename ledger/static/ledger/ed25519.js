/*
 * Ed25519 as libsodium judges it.
 *
 * A signature counts if and only if libsodium accepts it: S is below the group's order, the key is
 * in canonical encoding, neither the key nor R has small order, and [S]B - [k]A encodes to the bytes
 * of R (no cofactor). The library's own `verify` multiplies by the cofactor, so it is not used.
 */
import { Point, hashes } from "./vendor/ed25519.js";
import { sha512 } from "./vendor/sha2.js";

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
// the y of every point whose order divides 8, in each encoding; the sign bit is left out
const SMALL = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];
hashes.sha512 = sha512;

export function hex(bytes) {
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
}

function number(littleEndian) {
  return BigInt(`0x${hex(Uint8Array.from(littleEndian).reverse())}`);
}

function hasSmallOrder(point) {
  const y = Uint8Array.from(point);
  y[31] &= 0x7f;
  return SMALL.includes(hex(y));
}

/** The point of these bytes, null if they are not the canonical encoding of one. */
function decoded(bytes) {
  try {
    return Point.fromBytes(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

/** Whether these 32 bytes are a point that may be registered as a key: of the prime-order group. */
export function isValidPoint(bytes) {
  if (bytes.length !== 32 || hasSmallOrder(bytes)) return false;
  const point = decoded(bytes);
  return point !== null && point.isTorsionFree();
}

/** Whether libsodium accepts the 64 bytes as this key's signature of the message. */
export function isSignature(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const r = signature.subarray(0, 32), s = number(signature.subarray(32));
  if (s >= ORDER || hasSmallOrder(r) || hasSmallOrder(key)) return false;
  const point = decoded(key);
  if (point === null) return false;
  const hashed = new Uint8Array(64 + message.length);
  hashed.set(r);
  hashed.set(key, 32);
  hashed.set(message, 64);
  const k = number(sha512(hashed)) % ORDER;
  const found = Point.BASE.multiply(s, false).subtract(point.multiply(k, false));
  return hex(found.toBytes()) === hex(r);
}
