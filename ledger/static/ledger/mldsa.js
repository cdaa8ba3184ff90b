/*
 * ML-DSA-44 (FIPS 204), for policies with keys of type 0x06. A module of its own, since it is larger
 * than all the rest: whoever meets no such key need not load it.
 */
import { ml_dsa44 } from "./vendor/post-quantum/ml-dsa.js";

/** Whether the 2,420 bytes are this key's signature of the message, with an empty context. */
export function isMlDsaSignature(key, message, signature) {
  if (key.length !== 1312 || signature.length !== 2420) return false;
  return ml_dsa44.verify(Uint8Array.from(signature), message, Uint8Array.from(key));
}
