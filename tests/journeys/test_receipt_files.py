"""What the patient takes home: receipt files and promises that hold without the server."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ledger import finality, note, omission, places, promise, queries, receiptfile
from ledger.entry import leaf_hash
from ledger.models import Log
from ledger.readers import Folder
from tests import invariants
from tests.world import Patient, World


def test_every_step_of_a_prescription_has_a_receipt_that_needs_nobody(
    world: World, patient: Patient
):
    """K2: signed by doctor, reviewer, patient, cashier and pharmacist, each with a proven key."""
    rx = world.delivered(patient)
    entries = queries.entries_about(f"rx/{rx.replace('-', '')}")
    assert not invariants.come_to_rest()
    policy = finality.agreed(Log.objects.get(origin=entries[0].log))

    signers: set[str] = set()
    for entry in entries:
        data = patient.client.text(f"/api/receipts/{entry.leaf.hex()}?file=1")
        verified = receiptfile.verify(data, policy)
        assert leaf_hash(receiptfile.read(data).entry) == entry.leaf
        assert verified.statement.kind == entry.kind
        signers.update(verified.signers)
    roles = {name.split("/")[-2] for name in signers if not name.startswith(settings.LEDGER_ORIGIN)}
    assert roles == {"doctor", "reviewer", "patient", "pharmacist"}


def test_the_patient_shows_one_field_and_hides_the_rest(
    world: World, patient: Patient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """K9: the fields come from the server once; opening and checking them needs nobody."""
    rx = world.issued(patient)
    first, *_ = queries.entries_about(f"rx/{rx.replace('-', '')}")
    assert not invariants.come_to_rest()
    receipt, fields, shown, policy = (tmp_path / one for one in ("r", "f", "shown", "policy"))
    receipt.write_bytes(patient.client.text(f"/api/receipts/{first.leaf.hex()}?file=1"))
    fields.write_bytes(json.dumps(patient.client.get(f"/api/prescriptions/{rx}/fields")).encode())
    policy.write_bytes(finality.agreed(Log.objects.get(origin=first.log)).text)

    call_command("receipt", "open", receipt, fields)
    names = capsys.readouterr().out.split()
    assert {"line/1", "patient/name"} <= set(names)
    call_command("receipt", "open", receipt, fields, "line/1", out=shown)
    call_command("receipt", "verify", shown, policy=policy)
    said = capsys.readouterr().out
    assert "opened   line/1: " in said
    assert said.count("opened ") == 1
    hidden = json.loads(fields.read_text())["fields"]
    name = next(value for _, field, value in hidden if field == "patient/name")
    assert name not in receiptfile.read(shown.read_bytes()).receipt.extra.decode()

    for names, why in ((["line/9"], "no field"), (["line/1"], "not those of the entry's record")):
        fields.write_text(json.dumps({"fields": hidden[:-1] if why.startswith("not") else hidden}))
        with pytest.raises(CommandError, match=why):
            call_command("receipt", "open", receipt, fields, *names)
    fields.write_text("{")
    with pytest.raises(CommandError, match="not JSON"):
        call_command("receipt", "open", receipt, fields, "line/1")


def test_the_promise_in_an_answer_is_kept(world: World, patient: Patient):
    """L2: the monitor finds the promised entry in the published log."""
    rx = world.drafted(patient)
    answer = world.doctor.command(f"/api/prescriptions/{rx}/issue", {})
    made = answer["entry"]["promise"].encode()
    promised = promise.Promise.parse(note.parse(made).text)
    log = Log.objects.get(origin=promised.origin)
    assert not invariants.come_to_rest()

    found = omission.look(made, finality.agreed(log), Folder(places.published(log.origin)))
    leaf = promised.leaf
    index = queries.entry_by_leaf(leaf).index
    assert index is not None
    assert found == omission.Kept(index)
