"""Another maker's medicine in place of what is held, and a pharmacy that cannot serve."""

from uuid import UUID

import pytest

from hospital.notices.models import Notice
from insurance.models import Bill, Refund
from ledger import queries as ledger
from pharmacy.models import Dispensing, Reservation, StockItem, Substitution
from prescriptions.models import Prescription
from tests.journeys import narcotics, writes
from tests.journeys.parts import refusal, status
from tests.journeys.watching import everything, kinds
from tests.journeys.writes import a_proposal, of
from tests.shelves import a_shelf
from tests.world import a_medicine


def proposed(world, patient):
    """Paid and scanned, and another maker's proposed for the first line."""
    rx = world.scanned(patient)
    proposal = a_proposal(world)
    world.pharmacist.command(of(rx, "substitute"), proposal)
    return rx, proposal["medicine"]


def held(rx):
    rows = Reservation.objects.filter(prescription__id=rx, state="held").select_related("item")
    return {line: one.item.medicine_id for one in rows for line in one.lines}


def live_bill(rx):
    return Bill.objects.exclude(state=Bill.State.VOID).get(prescription__id=rx)


def test_the_patient_agrees_and_pays_the_new_share(world, patient):
    """One signature: the same pharmacy, the substitute kept, the old money back."""
    rx, medicine = proposed(world, patient)
    before = live_bill(rx)
    told = Notice.objects.filter(account_id=patient.account, kind="prescription.substitute")
    assert told.count() == 1
    asked = {"key": patient.client.key_name}
    shows = patient.client.post(of(rx, "agree/statement"), asked)["shows"]
    assert (shows["medicine"]["code"], shows["line"]) == (medicine, "1")

    patient.client.command(of(rx, "agree"))

    after = live_bill(rx)
    assert (status(rx), after.state) == ("authorized", "open")
    assert after.total_fen == before.total_fen - 10
    assert Refund.objects.get(payment__bill=before).amount_fen == before.patient_fen
    assert held(rx)["1"] == medicine
    items = StockItem.objects.filter(pharmacy=world.pharmacy)
    kept = Reservation.objects.filter(item__in=items, state="held", prescription__id=rx)
    assert sorted(kept.values_list("quantity", flat=True)) == [1, 1]
    assert Substitution.objects.get(prescription__id=rx).answer == "agreed"
    world.pay(patient, rx)
    (scan,) = world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})["scans"]
    seen = world.pharmacist.get(f"/api/scans/{scan['id']}")
    assert {line: one["code"] for line, one in seen["instead"].items()} == {"1": medicine}
    world.pharmacist.command(of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    shelf = StockItem.objects.get(pharmacy=world.pharmacy, medicine_id=medicine)
    assert (shelf.on_hand, shelf.reserved) == (999, 0)
    for note in ledger.entries_about(Prescription(id=UUID(rx)).subject):
        assert medicine.encode() not in note.note


def test_substitution_refused_by_the_patient(world, patient):
    """It stays as it was; the pharmacist gives the rest, asks the doctor, or declines."""
    rx, medicine = proposed(world, patient)
    before, kept = live_bill(rx), held(rx)

    patient.client.command(of(rx, "disagree"))

    assert (status(rx), live_bill(rx), held(rx)) == ("paid", before, kept)
    assert medicine not in kept.values()
    assert Substitution.objects.get(prescription__id=rx).answer == "refused"
    for verb in ("agree", "disagree"):
        code = refusal(patient.client.command, of(rx, verb))
        assert code == "substitution.nothing_proposed"
    given = world.pharmacist.command(of(rx, "dispense-part"), {"lines": {"2": 1}})
    assert given["remainder"]["lines"] == {"1": 1}
    assert kinds(rx)[-2:] == ["prescription.disagree", "pharmacy.dispense"]


def other(world, **changes):
    """A medicine on the shelf that differs from the prescribed one in this."""
    found = a_proposal(world)
    like = StockItem.objects.get(medicine_id=found["medicine"]).medicine
    names = [f.name for f in like._meta.fields if f.name not in ("code", "maker")]
    made = a_medicine(**{name: getattr(like, name) for name in names} | changes)
    a_shelf(world.pharmacy, made, on_hand=10)
    return {**found, "medicine": made.code}


DIFFERENT = [
    {"generic_name": "另一种药"},
    {"form": "胶囊剂"},
    {"specification": "0.25g×24片"},
    {"pack_size": 12},
    {"strength": "0.25"},
    {"route": "2"},
]


@pytest.mark.parametrize("changes", DIFFERENT, ids=lambda one: next(iter(one)))
def test_only_the_same_of_another_maker_is_proposed(world, patient, changes):
    """C1: what differs in generic name, form, specification or strength takes the doctor."""
    rx = world.scanned(patient)
    proposal = other(world, **changes)
    before = everything()
    code = refusal(world.pharmacist.command, of(rx, "substitute"), proposal)
    assert (code, everything()) == ("substitution.not_the_same", before)


def test_what_cannot_be_proposed(world, patient):
    rx = world.paid(patient)
    substitute, propose = of(rx, "substitute"), world.pharmacist.command
    assert refusal(propose, substitute, a_proposal(world)) == "scan.missing"
    world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    own = a_proposal(world, medicine=world.medicines[0].code)
    assert refusal(propose, substitute, own) == "substitution.not_the_same"
    nowhere = a_proposal(world, medicine="X" * 20)
    assert refusal(propose, substitute, nowhere) == "substitution.unknown"
    no_line = a_proposal(world, line="9")
    assert refusal(propose, substitute, no_line) == "substitution.unknown"
    propose(substitute, a_proposal(world))
    assert refusal(propose, substitute, a_proposal(world)) == "substitution.already_proposed"
    narcotic = narcotics.scanned(world, patient)
    code = refusal(world.own_pharmacist.command, of(narcotic, "substitute"), a_proposal(world))
    assert code == "substitution.not_allowed"


def test_a_proposal_ends_with_the_authorization(world, patient):
    rx, _ = proposed(world, patient)
    patient.client.command(of(rx, "withdraw"))
    assert Substitution.objects.get(prescription__id=rx).answer == "over"
    assert refusal(patient.client.command, of(rx, "agree")) == "prescription.wrong_state"


def test_a_pharmacy_that_cannot_serve_declines(world, patient):
    """Everything is as before the choice, and the patient is told and chooses another."""
    ready = writes.decline_rx(world, patient)
    rx = ready.rx
    ready.by.write(ready.path, ready.body)

    assert (status(rx), kinds(rx)[-1]) == ("approved", "pharmacy.decline")
    assert held(rx) == {}
    assert Refund.objects.filter(payment__bill__prescription__id=rx).count() == 1
    told = Notice.objects.filter(account_id=patient.account, kind="prescription.declined")
    assert told.count() == 1
    found = Prescription.objects.get(id=rx)
    assert (found.pharmacy, found.chosen) == (None, None)
    assert not Dispensing.objects.filter(prescription__id=rx).exists()
    choice = {"pharmacy": world.other_pharmacy.slug, "way": "collect"}
    patient.client.command(of(rx, "authorize"), choice)
    assert status(rx) == "authorized"
    assert refusal(world.pharmacist.command, of(rx, "decline"), {"reason": "other"}) == (
        "access.wrong_pharmacy"
    )
