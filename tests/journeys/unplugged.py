"""What a phone and a pharmacy's device carry when there is no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from ledger import finality, network, note, proven, queries, receiptfile, registered
from ledger.entry import Statement
from ledger.models import Log
from ledger.policy import Policy
from pharmacy import offline
from pharmacy.actions import checklist
from pharmacy.offline import Device, Limits
from pharmacy.slips import Slip, digest_of_code
from tests import invariants
from tests.world import Patient, World

GIVEN = {"1": 1, "2": 1}
CHECKS = checklist.ALL


@dataclass(frozen=True)
class Wallet:
    """What the phone fetched while it could: the receipt files of one prescription, opened."""

    rx: str
    files: tuple[bytes, ...]


def wallet(patient: Patient, rx: str, *, opened: bool = True) -> Wallet:
    """The phone takes its receipts along."""
    assert not invariants.come_to_rest()
    entries = queries.entries_about(subject(rx))
    files = [patient.client.text(f"/api/receipts/{one.leaf.hex()}?file=1") for one in entries]
    if opened:
        answer = patient.client.get(f"/api/prescriptions/{rx}/fields")
        fields = receiptfile.fields_of(json.dumps(answer).encode())
        lines = [one.name for one in fields if one.name.startswith("line/")]
        files[-1] = receiptfile.with_opened(files[-1], fields, lines)
    return Wallet(rx, tuple(files))


def subject(rx: str) -> str:
    return f"rx/{rx.replace('-', '')}"


def policy_of(held: Wallet) -> Policy:
    """What the consortium agreed on for the log that the receipts are of."""
    log = registered.log_of(receiptfile.read(held.files[0]).entry)
    return finality.agreed(Log.objects.get(origin=log))


def proven_by(held: Wallet) -> list[Statement]:
    found = proven.entries(held.files, subject(held.rx), policy_of(held))
    return [one.statement for one in found]


def device(world: World, held: Wallet, **changes: Any) -> Device:
    """The pharmacy's, which knew the policy and its limits when it was last connected."""
    known = {
        "origin": network.lines()[0],
        "pharmacy": world.pharmacy.slug,
        "policy": policy_of(held),
        "limits": Limits(settings.OFFLINE_TO_FEN),
        "taken": (),
        "given_on": (),
    }
    return Device(**{**known, **changes})


def gives(
    world: World,
    patient: Patient,
    held: Wallet,
    *,
    at: datetime | None = None,
    **changes: Any,
) -> dict[str, str]:
    """Patient and pharmacist at the counter, nobody else; the slip and the code to bring in."""
    now = at or datetime.now(UTC)
    code = world.code(patient, held.rx)
    here = device(world, held, **changes)
    shown = offline.show(held.files, code, here, at=now)
    made = offline.slip(shown, code, GIVEN, here, at=now)
    return {"slip": signed(world.pharmacist, made), "code": code}


def signed(pharmacist: Any, slip: Slip) -> str:
    return str(pharmacist.sign(slip.text().decode()))


def written(world: World, patient: Patient, rx: str) -> dict[str, str]:
    """A slip as the device would write it, without the receipts: what the server gets to see."""
    code = world.code(patient, rx)
    slip = Slip(
        origin=network.lines()[0],
        subject=subject(rx),
        pharmacy=world.pharmacy.slug,
        after=leaves(rx)[-1],
        code=digest_of_code(code),
        lines=GIVEN,
        given_at=datetime.now(UTC),
    )
    return {"slip": signed(world.pharmacist, slip), "code": code}


def rewritten(given: dict[str, str], *, code: str = "", **changes: str) -> Slip:
    """The slip with something else in it, still to be signed."""
    slip = Slip.parse(note.parse(given["slip"].encode()).text)
    if code:
        changes["code"] = digest_of_code(code)
    return replace(slip, **changes)  # type: ignore[arg-type]


def last_facts(rx: str) -> Mapping[str, Any]:
    """What the newest entry about the prescription says."""
    newest = queries.entries_about(subject(rx))[-1]
    return Statement.parse(note.parse(newest.note).text).facts


def leaves(rx: str) -> list[str]:
    return [one.leaf.hex() for one in queries.entries_about(subject(rx))]


def phone_revoked(patient: Patient) -> None:
    """By another one of the patient's; the first goes on making codes that nobody should take."""
    from tests.journeys.writes import another_key

    first = patient.client.signer
    second = another_key(patient.client)
    patient.client.signer = second
    assert first is not None
    patient.client.command("/api/keys/revoke", {"name": first.verifier.name})
    patient.client.signer = first
