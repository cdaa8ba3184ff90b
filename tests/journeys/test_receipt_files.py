"""What the patient takes home: receipt files and promises that hold without the server."""

from django.conf import settings

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
    assert invariants.come_to_rest()
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


def test_the_promise_in_an_answer_is_kept(world: World, patient: Patient):
    """L2: the monitor finds the promised entry in the published log."""
    rx = world.drafted(patient)
    answer = world.doctor.command(f"/api/prescriptions/{rx}/issue", {})
    made = answer["entry"]["promise"].encode()
    promised = promise.Promise.parse(note.parse(made).text)
    log = Log.objects.get(origin=promised.origin)
    assert invariants.come_to_rest()

    found = omission.look(made, finality.agreed(log), Folder(places.published(log.origin)))
    leaf = promised.leaf
    index = queries.entry_by_leaf(leaf).index
    assert index is not None
    assert found == omission.Kept(index)
