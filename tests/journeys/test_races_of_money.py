"""Money at the same moment: booked or owed back, settled once; never half of each. Real threads."""

import pytest

from hospital import access
from hospital.client import Problem
from hospital.models import Account
from insurance.models import Bill, Claim, Refund, Settlement
from tests.journeys import writes
from tests.journeys.letters import letter, paid_on_the_phone, send
from tests.journeys.test_races import rounds, status
from tests.journeys.turns import in_turn
from tests.journeys.watching import at_once, drawn, kinds, outcomes
from tests.world import Patient, World


@rounds
def test_withdraw_against_pay(world, patient, bench, turn):
    """R3, I15: paid and in force, or taken back and owed back; never half of each."""
    rx = world.authorized(patient)
    number = paid_on_the_phone(world, bench, patient, rx)
    notice = letter(bench, number)
    body = drawn(patient.client, writes.of(rx, "withdraw"), {})

    told, withdrawn = at_once(
        lambda: send(notice).status_code,
        lambda: patient.client.write(writes.of(rx, "withdraw"), body),
    )

    assert told == 204
    refunds = Refund.objects.filter(payment__bill__prescription=rx).count()
    bill = Bill.objects.get(prescription=rx)
    if isinstance(withdrawn, dict):
        assert (status(rx), bill.state, refunds) == ("approved", "void", 1)
        assert kinds(rx)[3:] == ["prescription.withdraw"]
    else:
        assert withdrawn.code == "statement.stale"
        assert (status(rx), bill.state, refunds) == ("paid", "paid", 0)
        assert kinds(rx)[3:] == ["insurance.pay"]


@rounds
def test_cancel_against_pay(world, patient, bench, turn):
    """I16: what was paid for a cancelled prescription is owed back, once."""
    rx = world.authorized(patient)
    notice = letter(bench, paid_on_the_phone(world, bench, patient, rx))
    body = drawn(world.doctor, writes.of(rx, "cancel"), {"reason": "clinical"})

    told, cancelled = at_once(
        lambda: send(notice).status_code,
        lambda: world.doctor.write(writes.of(rx, "cancel"), body),
    )

    assert told == 204
    if isinstance(cancelled, dict):
        assert kinds(rx)[3:] == ["prescription.cancel"]
        assert Refund.objects.filter(payment__bill__prescription=rx).count() == 1
    else:
        assert cancelled.code == "statement.stale"
        assert kinds(rx)[3:] == ["insurance.pay"]


def beside(patient: Patient, world: World) -> Patient:
    """Another patient whose entries go to the same line of logs."""
    for _ in range(64):
        other = world.a_patient()
        if line_of(other) == line_of(patient):
            return other
    raise AssertionError("unreachable")


def test_claims_of_two_lines_are_settled_one_by_one(world, patient):
    """C1: an entry can take what is owed in its own log alone, so the server says so first."""
    second = writes.settle(world, elsewhere(patient, world))
    first = writes.settle(world, patient)
    batch = {**first.input, "claims": [*first.input["claims"], *second.input["claims"]]}
    with pytest.raises(Problem, match=r"settlement\.several_lines"):
        drawn(first.by, first.path, batch)


def elsewhere(patient: Patient, world: World) -> Patient:
    """Another patient whose entries go to another line of logs."""
    for _ in range(64):
        other = world.a_patient()
        if line_of(other) != line_of(patient):
            return other
    raise AssertionError("unreachable")


def line_of(patient: Patient) -> str:
    person = Account.objects.select_related("person").get(id=patient.client.account).person
    assert person is not None
    return access.line_of(person)


def test_two_settlements_of_one_claim(world, patient):
    """C1, C4: alone and in a larger batch; paid once."""
    second = writes.settle(world, beside(patient, world))
    first = writes.settle(world, patient)
    claim, other = first.input["claims"][0], second.input["claims"][0]
    batch = {**first.input, "claims": [claim, other]}
    larger = drawn(first.by, first.path, batch)

    results = at_once(
        lambda: first.by.write(first.path, first.body), lambda: first.by.write(first.path, larger)
    )

    assert outcomes(results) == ["claim.unknown", "done"]
    paid = Claim.objects.get(id=claim)
    assert paid.settlement is not None
    total = sum(
        Claim.objects.filter(settlement=paid.settlement).values_list("approved_fen", flat=True)
    )
    assert Settlement.objects.get(claims=paid).total_fen == total


def test_two_remittances_of_one_settlement(world, patient):
    """C1, C4: two transfers are told of, one alone and one in a larger batch; one counts."""
    second = writes.remit(world, beside(patient, world))
    first = writes.remit(world, patient)
    paid, other = first.input["settlements"][0], second.input["settlements"][0]
    larger = drawn(first.by, first.path, {**second.input, "settlements": [paid, other]})

    one, two = in_turn(
        lambda: first.by.write(first.path, first.body), lambda: first.by.write(first.path, larger)
    )

    assert outcomes([one, two]) == ["done", "settlement.unknown"]
    assert str(Settlement.objects.get(id=paid).remittance_id) == one["id"]
    assert Settlement.objects.get(id=other).remittance is None
