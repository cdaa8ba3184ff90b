"""
The key stays on its device: nothing that a page may call hands it out, the store holds no seed, and
where a browser has no Ed25519 what signs in its place is believed by the server, too.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ledger import note
from ledger.entry import Statement
from ledger.note import Signer
from tests.web import entering
from tests.web.looking import DESK

STAFF = {
    "webcrypto": "liuzhou-hospital/doctor/1",
    "tweetnacl": "yufeng-pharmacy/pharmacist/1",
}
NO_ED25519 = """for (const name of ["generateKey", "importKey", "sign", "verify"]) {
  const known = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = function (...given) {
    const ours = given.some((one) => one === "Ed25519" || one?.name === "Ed25519");
    if (ours) return Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
    return known.apply(this, given);
  };
}
const draw = Crypto.prototype.getRandomValues;
Crypto.prototype.getRandomValues = function (into) {
  const made = draw.call(this, into);
  if (into.byteLength === 32) window.drawn(Array.from(into));
  return made;
};"""
"""A browser of some years ago; what it draws by chance is noted, for a seed is drawn so."""
LEAK = """async () => {
  const open = indexedDB.open("careless", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("rows");
  const ready = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const base = await ready(open);
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const seed = new Uint8Array(32).fill(7);
  await ready(base.transaction("rows", "readwrite").objectStore("rows").put({ pair, seed }, 1));
  base.close();
}"""
LOOK = """async () => {
  const found = { keys: [], bytes: [], texts: [...Object.values(localStorage), ...Object.values(sessionStorage)] };
  const ready = (asked) => new Promise((done, not) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => not(asked.error);
  });
  const wrapper = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["wrapKey"]);
  async function taken(key) {
    const got = [];
    for (const format of ["pkcs8", "jwk", "raw", "spki", "raw-seed", "raw-secret", "raw-private"]) {
      const iv = new Uint8Array(12);
      await crypto.subtle.exportKey(format, key).then(() => got.push(format), () => null);
      await crypto.subtle.wrapKey(format, key, wrapper, { name: "AES-GCM", iv }).then(() => got.push(`wrapped ${format}`), () => null);
    }
    return got;
  }
  async function walk(one) {
    if (one instanceof CryptoKey) found.keys.push({ type: one.type, extractable: one.extractable, taken: await taken(one) });
    else if (one instanceof ArrayBuffer) found.bytes.push(Array.from(new Uint8Array(one)));
    else if (ArrayBuffer.isView(one)) found.bytes.push(Array.from(new Uint8Array(one.buffer, one.byteOffset, one.byteLength)));
    else if (typeof one === "string") found.texts.push(one);
    else if (one && typeof one === "object") for (const each of Object.values(one)) await walk(each);
  }
  for (const { name } of await indexedDB.databases()) {
    const base = await ready(indexedDB.open(name));
    for (const store of base.objectStoreNames) {
      for (const row of await ready(base.transaction(store).objectStore(store).getAll())) await walk(row);
    }
    base.close();
  }
  return found;
}"""
"""All that a script of the page finds in its stores, and the formats in which it gets a key out."""
KEPT = """async () => {
  const keys = await import("/static/web/base/keys.js");
  const [{ name, raw, account, handle }] = await keys.all();
  return { name, account, raw: Array.from(raw), kind: handle.kind };
}"""
AGAIN = """async (account) => {
  const { withKey } = await import("/static/web/base/enter.js");
  const { get } = await import("/static/web/base/api.js");
  const session = await withKey(account);
  return { session, keys: (await get("/api/keys")).keys };
}"""


@pytest.mark.parametrize("kind", STAFF)
def test_no_script_takes_the_key_out_and_the_server_takes_its_signatures(person, kind):
    """K1: a registration and a log-in are signed by it."""
    page = person(DESK)
    drawn: list[list[int]] = []
    if kind == "tweetnacl":
        page.context.expose_function("drawn", lambda made: drawn.append(made))
        page.context.add_init_script(NO_ED25519)
    entering.played(page, STAFF[kind])
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    kept = page.evaluate(KEPT)
    assert kept["kind"] == kind
    found = page.evaluate(LOOK)
    (key,) = found["keys"]
    assert key == {
        "type": "secret" if kind == "tweetnacl" else "private",
        "extractable": False,
        "taken": [],
    }
    assert kept["raw"] in found["bytes"]
    assert [seed for seed in seeds(found) if opens(seed, kept["raw"])] == []
    assert kind == "webcrypto" or any(opens(bytes(it), kept["raw"]) for it in drawn)
    believed(page, kept)


def test_what_is_kept_carelessly_would_be_found(person):
    page = person(DESK)
    page.goto("/enter")
    page.evaluate(LEAK)
    found = page.evaluate(LOOK)
    private = next(it for it in found["keys"] if it["type"] == "private")
    assert {"pkcs8", "jwk", "wrapped pkcs8", "wrapped jwk"} <= set(private["taken"])
    raw = list(Signer("careless", bytes([7] * 32)).verifier.public_key)
    assert any(opens(seed, raw) for seed in seeds(found))


def believed(page: Page, kept: dict[str, Any]) -> None:
    """The server knows the key as one in force, and lets in whom it signs for."""
    again = page.evaluate(AGAIN, kept["account"])
    assert again["session"]["token"]
    (known,) = [it for it in again["keys"] if it["name"] == kept["name"]]
    assert known["state"] == "active"


def seeds(found: dict[str, Any]) -> set[bytes]:
    """What could be a seed: every 32 bytes in a row that lie in the stores, in any writing."""
    lying = [bytes(it) for it in found["bytes"]]
    for text in found["texts"]:
        lying += [text.encode(), *map(bytes.fromhex, re.findall(r"(?:[0-9a-fA-F]{2}){32,}", text))]
        lying += [
            base64.b64decode(it[: len(it) // 4 * 4], "+/")
            for it in re.findall(r"[\w+/]{43,}=?", text)
        ]
    return {it[at : at + 32] for it in lying for at in range(len(it) - 31)}


def opens(seed: bytes, raw: list[int]) -> bool:
    """Whether the key with this public half is made from ``seed``."""
    return list(Signer("key", seed).verifier.public_key) == raw


ANOTHER = """async () => {
  const { post } = await import("/static/web/base/api.js");
  const { session } = await import("/static/web/base/session.js");
  const { command } = await import("/static/web/base/sign.js");
  const name = session().key, drawn = await post("/api/keys/revoke/statement", { name, key: name });
  const asked = [], answers = window.fetch;
  window.fetch = async (path, call) => {
    asked.push(path);
    return path === "/api/x/statement" ? new Response(JSON.stringify(drawn)) : answers(path, call);
  };
  const said = await command("/api/x", {}, { kind: "consultation.accept" }).catch((fault) => fault.constructor.name);
  return [said, asked, document.querySelectorAll("dialog").length];
}"""


def test_a_server_that_draws_something_else_gets_no_signature(person):
    """K1: asked for one thing, it draws another: nothing is shown to be signed, nothing is sent."""
    page = person(DESK)
    entering.played(page, "liuzhou-hospital/doctor/1")
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")

    assert page.evaluate(ANOTHER) == ["OtherStatement", ["/api/x/statement"], 0]


BESIDE = """async (lie) => {
  const { post } = await import("/static/web/base/api.js");
  const { session } = await import("/static/web/base/session.js");
  const { command } = await import("/static/web/base/sign.js");
  const name = session().key, drawn = await post("/api/keys/revoke/statement", { name, key: name });
  const lying = { ...drawn, shows: { zh: lie }, words: lie, title: lie, facts: { lie }, kind: lie };
  const answers = window.fetch;
  window.fetch = async (path, call) => {
    if (path === "/api/x/statement") return new Response(JSON.stringify(lying));
    if (path !== "/api/x") return answers(path, call);
    window.sent = JSON.parse(call.body).note;
    return new Response("{}");
  };
  window.done = command("/api/x", { lie }, { kind: "key.revoke" });
  return drawn.statement;
}"""
"""One thing is drawn, and another told of it beside."""
LIE = "只是查看，不会注销任何密钥"


def test_what_is_shown_is_read_from_the_bytes_that_are_signed(person):
    """K1: of what a server says beside the statement nothing is shown."""
    page = person(DESK)
    entering.played(page, "liuzhou-hospital/doctor/1")
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")

    drawn = page.evaluate(BESIDE, LIE)
    said = Statement.parse(drawn.encode())
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", level=3)).to_have_text("注销签名密钥")
    expect(sheet).to_contain_text(said.subject)
    shown = sheet.inner_text()
    assert LIE not in shown
    assert all(str(value) in shown for value in said.facts.values())
    sheet.get_by_role("button", name="签名确认").click()
    page.evaluate("window.done")
    assert note.parse(page.evaluate("window.sent").encode()).text == drawn.encode()
