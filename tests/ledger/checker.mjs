// One question per line of JSON on standard input, one answer per line: for tests/ledger/javascript.py.
import { createInterface } from "node:readline";
import * as ed25519 from "../../ledger/static/ledger/ed25519.js";
import * as forms from "../../ledger/static/ledger/forms.js";
import { isMlDsaSignature } from "../../ledger/static/ledger/mldsa.js";
import { joined, parts } from "../../ledger/static/ledger/paper.js";
import { sizeOf, verifyList } from "../../ledger/static/ledger/patients.js";
import * as policies from "../../ledger/static/ledger/policy.js";
import * as receipt from "../../ledger/static/ledger/receipt.js";

const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64"));

const ANSWERS = {
  verify: (asked) => {
    const found = receipt.verify(bytes(asked.receipt), bytes(asked.policy), asked.plain ? undefined : isMlDsaSignature);
    return { signers: found.signers, index: found.index, size: found.head.size, cosigned: found.cosigned, opened: found.opened };
  },
  policy: (asked) => {
    const policy = policies.parse(bytes(asked.policy));
    return asked.named.map((names) => policies.isMet(policy, names));
  },
  canonical: (asked) => forms.canonical(forms.readCanonical(forms.decodeUtf8(bytes(asked.data)))),
  statement: (asked) => forms.parseStatement(forms.decodeUtf8(bytes(asked.data))).subject,
  base64: (asked) => Buffer.from(forms.decodeBase64(asked.text)).toString("hex"),
  signature: (asked) => ed25519.isSignature(bytes(asked.key), bytes(asked.message), bytes(asked.signature)),
  post_quantum: (asked) => isMlDsaSignature(bytes(asked.key), bytes(asked.message), bytes(asked.signature)),
  open: (asked) => Buffer.from(receipt.withOpened(bytes(asked.receipt), asked.fields, asked.names)).toString(),
  join: async (asked) => Buffer.from(await joined(asked.texts)).toString(),
  cut: (asked) => parts(bytes(asked.receipt), asked.least),
  list: (asked) => {
    const found = verifyList(bytes(asked.proof), asked.tag, asked.indices, bytes(asked.policy), isMlDsaSignature);
    return { size: found.head.size, cosigned: found.cosigned, said: sizeOf(bytes(asked.proof)) };
  },
  needs: (asked) => receipt.needsMlDsa(bytes(asked.policy)),
  point: (asked) => ed25519.isValidPoint(bytes(asked.key)),
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = { value: await ANSWERS[asked.what](asked) };
  } catch (error) {
    answer = error instanceof forms.Refusal ? { code: error.code, words: error.message } : { crash: String(error.stack) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
