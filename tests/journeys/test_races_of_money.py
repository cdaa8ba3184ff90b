"""Money at the same moment: booked or owed back, settled once; never half of each. Real threads."""

from insurance.models import Bill, Claim, Refund, Settlement
from tests.journeys import writes
from tests.journeys.letters import letter, paid_on_the_phone, send
from tests.journeys.test_races import rounds, status
from tests.journeys.watching import at_once, drawn, kinds, outcomes


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


def test_two_settlements_of_one_claim(world, patient):
    """C1, C4: alone and in a larger batch; paid once."""
    second = writes.settle(world, world.a_patient())
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
