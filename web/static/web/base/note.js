/** Signed notes, written (C2SP signed-note v1.0.0); `ledger/forms.js` reads them. */
import { encodeBase64, hash } from "/static/ledger/forms.js";

const ED25519 = 1;

/** The note of a text that ends with a newline, with one signature (64 bytes) by the named key. */
export function withSignature(text, name, publicKey, signature) {
  const line = encodeBase64(joined(keyId(name, publicKey), signature));
  return `${text}\n\u2014 ${name} ${line}\n`;
}

/** SHA-256(name, newline, type, key)[:4]. */
function keyId(name, publicKey) {
  const head = new TextEncoder().encode(`${name}\n`);
  return hash(joined(head, Uint8Array.of(ED25519), publicKey)).subarray(0, 4);
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, one) => size + one.length, 0));
  let at = 0;
  for (const one of parts) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}
