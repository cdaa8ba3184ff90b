"""The checker of the invariants has teeth: what is broken on purpose is named."""

import base64
import json
from collections.abc import Iterator

import pytest
from django.db import connection

from tests import invariants, secrecy
from tests.journeys import writes
from tests.ledger.logs import rolled_back

SABOTAGE = {
    "a status without its entry": "UPDATE prescriptions_prescription SET status = 'cancelled'"
    " WHERE id = %s",
    "a step back": "UPDATE prescriptions_prescription SET status = 'in_transit' WHERE id = %s",
    "a shelf that keeps too much": "UPDATE pharmacy_stockitem SET reserved = reserved + 1"
    " WHERE id IN (SELECT item_id FROM pharmacy_reservation WHERE prescription_id = %s)",
    "goods that were not taken": "UPDATE pharmacy_reservation SET state = 'held'"
    " WHERE prescription_id = %s",
    "more given out than prescribed": "UPDATE pharmacy_dispensing SET lines = '{\"1\": 9}'"
    " WHERE prescription_id = %s",
    "a bill that is open again": "UPDATE insurance_bill SET state = 'open'"
    " WHERE prescription_id = %s",
    "a share that nobody signed": "UPDATE insurance_bill SET total_fen = total_fen + 1,"
    " patient_fen = patient_fen + 1 WHERE prescription_id = %s",
    "a claim on more than the share": "UPDATE insurance_claim SET claimed_fen = claimed_fen + 1"
    " WHERE bill_id IN (SELECT id FROM insurance_bill WHERE prescription_id = %s)",
    "a claim that was settled for less": "UPDATE insurance_claim SET approved_fen = 1"
    " WHERE bill_id IN (SELECT id FROM insurance_bill WHERE prescription_id = %s)",
    "a payment that was forgotten": "DELETE FROM insurance_payment"
    " WHERE bill_id IN (SELECT id FROM insurance_bill WHERE prescription_id = %s)",
}


def found() -> set[str]:
    """Everything but the log, which has tests of its own."""
    ways = invariants._ways()
    parts: tuple[Iterator[str], ...] = (
        invariants.the_prescriptions(ways),
        invariants.the_shelves(),
        invariants.the_money(ways),
        invariants.the_claims(ways),
    )
    return {fault for part in parts for fault in part}


def test_names_whatever_is_broken(world, patient):
    """A settled prescription is sound; each sabotage of it is a new fault."""
    ready = writes.settle(world, patient)
    ready.by.write(ready.path, ready.body)
    assert invariants.come_to_rest()
    before = found()
    assert not [fault for fault in before if ready.rx.replace("-", "") in fault]

    unseen = []
    for name, sql in SABOTAGE.items():
        with rolled_back():
            with connection.cursor() as cursor:
                cursor.execute(sql, [ready.rx])
                assert cursor.rowcount > 0, name
            if found() <= before:
                unseen.append(name)

    assert unseen == []
    assert found() == before


@pytest.mark.parametrize("around", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("canary", ["韦例安", "45020019580312999X", "广西柳州市示例路1号"])
def test_finds_a_canary_in_every_spelling(tmp_path, canary, around):
    """P1: plain, JSON-escaped, in other encodings, inside of base64 at any offset."""
    patterns, folder = tmp_path / "patterns", tmp_path / "files"
    patterns.write_bytes(b"\n".join(sorted(secrecy.spellings(canary))) + b"\n")
    folder.mkdir()
    text = f"{around}{canary}{around}"
    samples = {"plain": text.encode(), "gbk": text.encode("gb18030")}
    samples["utf16"] = f"{canary}{around}".encode("utf-16-le")
    samples["json"] = json.dumps({"a": text}).encode()
    samples["base64"] = base64.b64encode(text.encode())
    for name, content in samples.items():
        (folder / name).write_bytes(b"\x00\xff" + content + b"\n")
    (folder / "innocent").write_bytes(b"nothing to see")

    named = " ".join(secrecy._found(patterns, folder))

    assert [name for name in samples if f"/{name}:" not in named] == []
    assert "innocent" not in named
