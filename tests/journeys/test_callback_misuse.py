"""
Every misuse of WeChat Pay's callback: refused, or heard and of no effect; nothing is changed.

A row says what is wrong with a letter and what it is answered; it is sent while the order is paid
at WeChat and unknown here (``ORDERED``), paid here (``PAID``), or given back (``REFUNDED``).
What is stored is compared before and after, row by row of the database. 401: WeChat Pay did not
send this, now, to us. 403: it did, and it does not fit what was ordered. 204: it was known.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.utils import timezone

from config.simulators import signing
from insurance.actions import paying
from insurance.models import Refund
from tests.journeys import writes
from tests.journeys.letters import Letter, letter, paid_on_the_phone, send
from tests.journeys.watching import everything
from tests.simulators.server import Bench
from tests.world import World

ORDERED, PAID, REFUNDED = "ordered", "paid", "refunded"
Spoil = Callable[[Letter, signing.Signer], Letter]


@dataclass(frozen=True)
class Misuse:
    """``content`` replaces what WeChat Pay says, ``spoil`` the letter as it would arrive."""

    what: str
    answer: int
    when: str = ORDERED
    content: dict[str, Any] = field(default_factory=dict)
    spoil: Spoil = lambda one, _: one
    event: str = "TRANSACTION.SUCCESS"

    def __str__(self) -> str:
        return f"{self.when}: {self.what}"


def header(name: str, value: str) -> Spoil:
    return lambda one, _: ({**one[0], f"Wechatpay-{name}": value}, one[1])


def without(name: str) -> Spoil:
    return lambda one, _: (
        {key: value for key, value in one[0].items() if key != f"Wechatpay-{name}"},
        one[1],
    )


def signed_at(offset_s: int) -> Spoil:
    """Signed anew, by WeChat Pay's own key, at another time."""

    def sign(one: Letter, signer: signing.Signer) -> Letter:
        stamp = str(int(time.time()) + offset_s)
        return {**one[0], **signer.headers(one[1], stamp=stamp)}, one[1]

    return sign


def body(change: Callable[[dict[str, Any]], Any], *, signed: bool = True) -> Spoil:
    """Another body; signed by WeChat Pay as it is, or with the signature of the genuine one."""

    def alter(one: Letter, signer: signing.Signer) -> Letter:
        made = change(json.loads(one[1]))
        raw = made if isinstance(made, bytes) else json.dumps(made).encode()
        return ({**one[0], **signer.headers(raw)} if signed else one[0]), raw

    return alter


def resealed(one: Letter, signer: signing.Signer) -> Letter:
    """For another merchant, who has another APIv3 key."""
    other = replace(signer, apiv3=b"another-merchants-key-of-32-byte")
    envelope = json.loads(one[1])
    envelope["resource"] = other.seal({"trade_state": "SUCCESS"}, kind="transaction")
    raw = json.dumps(envelope).encode()
    return {**one[0], **signer.headers(raw)}, raw


def by_another(one: Letter, signer: signing.Signer) -> Letter:
    """The merchant's own request key, say, or anybody's."""
    impostor = replace(signer, private=signer.platform)
    return {**one[0], **impostor.headers(one[1])}, one[1]


def by_certificate(one: Letter, signer: signing.Signer) -> Letter:
    """Genuine at a merchant that verifies by certificate, which this one does not."""
    return {**one[0], **signer.headers(one[1], serial=signer.certificate_serial)}, one[1]


def flipped(envelope: dict[str, Any]) -> dict[str, Any]:
    sealed = bytearray(base64.b64decode(envelope["resource"]["ciphertext"]))
    sealed[0] ^= 1
    envelope["resource"]["ciphertext"] = base64.b64encode(bytes(sealed)).decode()
    return envelope


def resource(**changed: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda envelope: {**envelope, "resource": {**envelope["resource"], **changed}}


REFUND = {
    "refund_status": "SUCCESS",
    "refund_id": "5" * 28,
    "out_refund_no": "R" + "0" * 30,
    "amount": {"refund": 1},
}
BACK = "REFUND.SUCCESS"

TABLE = [
    # WeChat Pay did not sign it.
    Misuse("signature of other bytes", 401, spoil=header("Signature", "AAAA" * 86)),
    Misuse("signature that is no base64", 401, spoil=header("Signature", "?" * 344)),
    Misuse("signature of another key", 401, spoil=by_another),
    Misuse("signature of the certificate", 401, spoil=by_certificate),
    Misuse("probe", 401, spoil=header("Signature", "WECHATPAY/SIGNTEST/" + "A" * 320)),
    Misuse("no signature", 401, spoil=without("Signature")),
    Misuse("no serial", 401, spoil=without("Serial")),
    Misuse("no time", 401, spoil=without("Timestamp")),
    Misuse("no nonce", 401, spoil=without("Nonce")),
    Misuse("wrong serial", 401, spoil=header("Serial", "PUB_KEY_ID_OF_SOMEBODY_ELSE")),
    Misuse("wrong nonce", 401, spoil=header("Nonce", "0" * 32)),
    Misuse("other algorithm", 401, spoil=header("Signature-Type", "WECHATPAY2-SM2-WITH-SM3")),
    Misuse("time changed", 401, spoil=header("Timestamp", "1700000000")),
    Misuse("body altered", 401, spoil=body(lambda one: {**one, "x": 1}, signed=False)),
    Misuse("sealed text altered", 401, spoil=body(flipped, signed=False)),
    # It signed it at another time: a replay, or a clock that is wrong.
    Misuse("301 s old", 401, spoil=signed_at(-301)),
    Misuse("a day old", 401, spoil=signed_at(-86_400)),
    Misuse("302 s ahead", 401, spoil=signed_at(302)),
    # It signed it, but not for us or not as its documents say.
    Misuse("sealed for another merchant", 401, spoil=resealed),
    Misuse("sealed text that does not open", 401, spoil=body(flipped)),
    Misuse("other associated data", 401, spoil=body(resource(associated_data="refund"))),
    Misuse("other cipher", 401, spoil=body(resource(algorithm="AEAD_SM4_GCM"))),
    Misuse("no resource", 401, spoil=body(lambda one: {"id": one["id"]})),
    Misuse("no JSON", 401, spoil=body(lambda one: b"success")),
    Misuse("empty", 401, spoil=body(lambda one: b"")),
    Misuse("a list", 401, spoil=body(lambda one: [one])),
    Misuse("an unknown event", 401, event="COUPON.USE"),
    Misuse("an amount that is no number", 401, content={"amount": {"total": "1"}}),
    # It is genuine, and does not fit the order.
    Misuse("smaller amount", 403, content={"amount": {"total": 1}}),
    Misuse("larger amount", 403, content={"amount": {"total": 10**9}}),
    Misuse("other currency", 403, content={"amount": {"currency": "USD"}}),
    Misuse("other merchant", 403, content={"mchid": "1900009999"}),
    Misuse("other app", 403, content={"appid": "wx0000000000000000"}),
    Misuse("other openid", 403, content={"payer": {"openid": "o-somebody-else"}}),
    Misuse("unknown order", 403, content={"out_trade_no": "P" + "0" * 30}),
    Misuse("not paid yet", 403, content={"trade_state": "NOTPAY"}),
    Misuse("failed", 403, content={"trade_state": "PAYERROR"}),
    Misuse("closed", 403, content={"trade_state": "CLOSED"}),
    Misuse("given back before it was paid", 403, content={"trade_state": "REFUND"}),
    Misuse("refund of an unknown number", 403, event=BACK, content=REFUND),
    # The order is paid here.
    Misuse("the same again", 204, PAID),
    Misuse("the same, signed anew", 204, PAID, spoil=signed_at(-280)),
    Misuse("the same, 301 s old", 401, PAID, spoil=signed_at(-301)),
    Misuse("another transaction", 403, PAID, {"transaction_id": "4" * 28}),
    Misuse("another amount", 403, PAID, {"amount": {"total": 1}}),
    Misuse("now it has failed", 403, PAID, {"trade_state": "PAYERROR"}),
    Misuse("refund of an unknown number", 403, PAID, REFUND, event=BACK),
    # The money went back.
    Misuse("the success after the refund", 204, REFUNDED, {"trade_state": "SUCCESS"}),
    Misuse("the refund as a payment's state", 403, REFUNDED, {"trade_state": "REFUND"}),
    Misuse("the refund again", 204, REFUNDED, {"own": {}}, event=BACK),
    Misuse("the refund failed after all", 204, REFUNDED,
           {"own": {"refund_status": "ABNORMAL"}}, event="REFUND.ABNORMAL"),
    Misuse("the refund of another amount", 403, REFUNDED,
           {"own": {"amount": {"refund": 1}}}, event=BACK),
    Misuse("the refund of another total", 403, REFUNDED,
           {"own": {"amount": {"total": 1}}}, event=BACK),
    Misuse("the refund at another merchant", 403, REFUNDED,
           {"own": {"mchid": "1900009999"}}, event=BACK),
    Misuse("the refund of another order", 403, REFUNDED,
           {"own": {"out_trade_no": "P" + "0" * 30}}, event=BACK),
    Misuse("the refund in another transaction", 403, REFUNDED,
           {"own": {"transaction_id": "4" * 28}}, event=BACK),
]  # fmt: skip


@pytest.fixture(scope="module")
def stages(session_world: World, bench: Bench) -> dict[str, str]:
    """The number of an order in each stage: misuse changes nothing, so all rows share them."""
    world, found = session_world, {}
    for stage in (ORDERED, PAID, REFUNDED):
        patient = world.a_patient()
        rx = world.authorized(patient)
        found[stage] = paid_on_the_phone(world, bench, patient, rx)
        if stage != ORDERED:
            assert send(letter(bench, found[stage])).status_code == 204
        if stage == REFUNDED:
            world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
            _sweep(found[stage])
    return found


def _sweep(number: str) -> None:
    for _ in range(12):
        paying.refund_owed(at=timezone.now())
        if Refund.objects.filter(payment__out_trade_no=number, state="done").exists():
            return
    raise AssertionError("the refund was not done")


def _said(misuse: Misuse, number: str) -> dict[str, Any]:
    """What WeChat Pay says; ``own`` changes the true notice of the order's own refund."""
    if "own" not in misuse.content:
        return misuse.content
    refund = Refund.objects.select_related("payment").get(payment__out_trade_no=number)
    told: dict[str, Any] = {
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_status": "SUCCESS",
        "amount": {"refund": refund.amount_fen, "total": refund.payment.amount_fen},
    }
    own = misuse.content["own"]
    return {**told, **own, "amount": {**told["amount"], **own.get("amount", {})}}


@pytest.mark.parametrize("misuse", TABLE, ids=str)
def test_a_misused_callback_changes_nothing(stages, bench, misuse):
    """I12, I13, I14, I15, I16, I19"""
    number = stages[misuse.when]
    signer = signing.Signer.read(bench.folder / "simulator")
    said = {"content": _said(misuse, number), "event_type": misuse.event}
    one = misuse.spoil(letter(bench, number, **said), signer)
    before = everything()

    answer = send(one)

    assert answer.status_code == misuse.answer
    assert everything() == before


def test_the_letter_that_nobody_misused_is_believed(stages, bench):
    """Without which the table would prove nothing."""
    before = everything()

    assert send(letter(bench, stages[ORDERED])).status_code == 204

    assert everything() != before
