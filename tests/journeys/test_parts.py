"""Giving out in part: the rest is owed, here or elsewhere, and never more than was prescribed."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError
from django.utils import timezone

from hospital.notices.models import Notice
from insurance.actions import paying
from insurance.models import Bill, Payment, Refund
from ledger import note
from ledger import queries as ledger
from ledger.entry import Statement
from pharmacy.actions import checklist
from pharmacy.models import Dispensing, Scan, StockItem
from prescriptions import plan
from prescriptions.actions import issuing
from prescriptions.models import Prescription
from tests.journeys import narcotics
from tests.journeys import series as long_term
from tests.journeys.parts import a_desk, given, refusal, status, three_and_two
from tests.journeys.watching import at_once, drawn, kinds, outcomes
from tests.journeys.writes import of, owed


@pytest.fixture
def desk(world):
    return a_desk(world)


def shelf(desk):
    rows = StockItem.objects.filter(pharmacy=desk.pharmacy).order_by("id")
    return [(one.on_hand, one.reserved) for one in rows]


def statements(rx):
    found = ledger.entries_about(Prescription(id=UUID(rx)).subject)
    return [Statement.parse(note.parse(one.note).text) for one in found]


def bill(rx):
    return Bill.objects.get(prescription__id=rx, state=Bill.State.PAID)


def test_partial_dispensing_over_three_pharmacies(world, patient):
    """R6, R14: each gives what it has; together exactly what was prescribed, and nothing more."""
    rx = three_and_two(world, patient)
    one, two, three = (a_desk(world) for _ in range(3))

    one.comes(patient, rx)
    second = one.gives(rx, {"1": 1})
    assert Prescription.objects.get(id=second).quantities == {"1": 2, "2": 2}
    two.comes(patient, second)
    third = two.gives(second, {"1": 1, "2": 1})
    three.comes(patient, third)
    three.gives_all(third, {"1": 1, "2": 1})

    every = (rx, second, third)
    assert given(*every) == {"1": 3, "2": 2} == Prescription.objects.get(id=rx).quantities
    assert [shelf(desk)[:2] for desk in (one, two, three)] == [
        [(999, 0), (1_000, 0)],
        [(999, 0), (999, 0)],
        [(999, 0), (999, 0)],
    ]
    assert not Prescription.objects.filter(remainder_of__id=third).exists()
    assert kinds(second)[0] == "prescription.owe"
    for part in every:
        patient.client.command(of(part, "deliver"))
        for agent in (world.fund_agent, world.insurer_agent):
            decision = {"decision": "approve", "approved_fen": owed(agent, part)}
            agent.command(f"/api/claims/{part}/decide", decision)
        assert status(part) == "claimed"


def test_the_bill_is_of_what_was_given(world, patient, desk):
    """C1, K9: each pays for the part alone, and the patient gets the difference back, once."""
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    before = bill(rx)
    funds = before.fund_fen
    drawn_up = desk.pharmacist.post(
        of(rx, "dispense-part/statement"),
        {"lines": {"1": 1}, "key": desk.pharmacist.key_name},
    )
    desk.gives(rx, {"1": 1})

    after = bill(rx)
    assert after.total_fen == 1_999 == after.fund_fen + after.insurer_fen + after.patient_fen
    assert (after.fund_fen, after.insurer_fen) == (1_399, 120)
    (refund,) = Refund.objects.filter(payment__bill=after)
    assert refund.amount_fen == before.patient_fen - after.patient_fen
    assert (refund.cause, refund.out_refund_no[0]) == ("part", "D")
    assert drawn_up["shows"]["back_fen"] == refund.amount_fen
    assert drawn_up["shows"]["bill"]["patient_fen"] == after.patient_fen
    for _ in range(10):
        paying.refund_owed(at=timezone.now())
        refund.refresh_from_db()
        if refund.state != Refund.State.DUE:
            break
    assert refund.state != Refund.State.FAILED

    patient.client.command(of(rx, "deliver"))
    too_much = {"decision": "approve", "approved_fen": funds}
    decide = f"/api/claims/{rx}/decide"
    assert refusal(world.fund_agent.command, decide, too_much) == "claim.bad_decision"
    ours = {"decision": "approve", "approved_fen": after.fund_fen}
    world.fund_agent.command(decide, ours)
    assert refusal(world.fund_agent.command, decide, ours) == "claim.decided"


def test_only_what_counted_is_divided(world, patient, desk):
    """I17: an order that was paid too late goes back whole, and of the other the difference."""
    rx = three_and_two(world, patient)
    desk.authorized(patient, rx)
    late = patient.client.write(of(rx, "pay"), {})["out_trade_no"]
    asked = patient.client.get(f"/api/payments/{late}/parameters")
    Payment.objects.filter(out_trade_no=late).update(state=Payment.State.CLOSED)
    desk.shows(patient, rx)
    world.wechat.post("/simulator/pay", json=asked).raise_for_status()
    world.bring_answer(late)
    before = bill(rx).patient_fen

    desk.gives(rx, {"1": 1})

    refunds = Refund.objects.filter(payment__bill__prescription__id=rx)
    back = {(one.payment.out_trade_no == late, one.cause): one.amount_fen for one in refunds}
    assert back == {(True, "void"): before, (False, "part"): before - bill(rx).patient_fen}


def test_never_more_than_was_authorized_or_prescribed(world, patient, desk):
    """R6: and all is no part, and a part is not all."""
    rx = three_and_two(world, patient)
    authorize = of(rx, "authorize")
    chosen = {"pharmacy": desk.pharmacy.slug, "way": "collect"}
    for lines in ({"1": 4}, {"3": 1}, {"1": 3, "2": 3}):
        wanted = {**chosen, "lines": lines}
        assert refusal(patient.client.command, authorize, wanted) == "checkout.bad_lines"
    desk.comes(patient, rx, {"1": 2})
    assert shelf(desk)[:2] == [(1_000, 2), (1_000, 0)]

    part, whole = of(rx, "dispense-part"), of(rx, "dispense")
    for lines in ({"1": 3}, {"2": 1}, {"1": 2, "2": 2}):
        code = refusal(desk.pharmacist.command, part, {"lines": lines})
        assert code == "dispensing.not_authorized"
    for lines in ({"1": 2}, {"1": 3, "2": 2}):
        code = refusal(desk.pharmacist.command, whole, {"lines": lines})
        assert code == "dispensing.wrong_quantity"
    rest = desk.gives(rx, {"1": 2})

    assert Prescription.objects.get(id=rest).quantities == {"1": 1, "2": 2}
    assert not Refund.objects.filter(payment__bill__prescription__id=rx).exists()
    assert shelf(desk)[:2] == [(998, 0), (1_000, 0)]
    other = a_desk(world)
    other.comes(patient, rest)
    everything_left = {"lines": {"1": 1, "2": 2}}
    code = refusal(other.pharmacist.command, of(rest, "dispense-part"), everything_left)
    assert code == "dispensing.nothing_left"


def test_fifty_at_one_counter(world, patient, desk):
    """R1, R2, R6: one gives, whole or in part, and the shelf falls once."""
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    part = drawn(desk.pharmacist, of(rx, "dispense-part"), {"lines": {"1": 2, "2": 1}})
    whole = drawn(desk.pharmacist, of(rx, "dispense"), {"lines": {"1": 3, "2": 2}})
    calls = [
        lambda verb=verb, body=body: desk.pharmacist.write(of(rx, verb), body)
        for verb, body in (("dispense-part", part), ("dispense", whole)) * 25
    ]

    results = at_once(*calls)

    assert outcomes(results) == ["done"] + ["prescription.wrong_state"] * 49
    assert kinds(rx).count("pharmacy.dispense") == 1
    left = Prescription.objects.filter(remainder_of__id=rx)
    owed_now = left[0].quantities if left else {}
    total = {line: given(rx).get(line, 0) + owed_now.get(line, 0) for line in ("1", "2")}
    assert total == {"1": 3, "2": 2}
    gone = sum(given(rx).values())
    assert sum(hand for hand, _ in shelf(desk)) == 3_000 - gone
    assert sum(kept for _, kept in shelf(desk)) == 0


def test_what_two_give_out_is_given_whole(world, patient):
    """K8, K9"""
    rx = narcotics.scanned(world, patient)
    code = refusal(
        world.own_pharmacist.command, of(rx, "dispense-part"), {"lines": narcotics.LINES}
    )
    assert code == "dispensing.whole_only"


def test_nothing_is_given_out_unchecked(world, patient, desk):
    """K9: the entry that the pharmacist signs says that the four checks were made (四查十对)."""
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    for missing in checklist.ALL:
        made = {"checks": [one for one in checklist.ALL if one != missing]}
        for verb, lines in (("dispense", {"1": 3, "2": 2}), ("dispense-part", {"1": 1})):
            code = refusal(desk.pharmacist.command, of(rx, verb), {"lines": lines, **made})
            assert code == "dispensing.unchecked"
    scan = Scan.objects.get(prescription__id=rx)

    seen = desk.pharmacist.get(f"/api/scans/{scan.id}")

    compared = [one["zh"] for row in seen["check_list"] for one in row["compare"]]
    assert len(seen["check_list"]) == 4
    assert len(compared) == 11 - 1  # ten things are compared
    named = {name for row in seen["check_list"] for one in row["compare"] for name in one["fields"]}
    there = {*seen["fields"], *(f"line/*/{name}" for name in seen["lines"]["1"])}
    assert {one for one in named if not one.endswith("/")} <= there
    desk.gives_all(rx, {"1": 3, "2": 2})
    (said,) = [one.facts for one in statements(rx) if one.kind == "pharmacy.dispense"]
    assert said["checks"] == checklist.ALL


@pytest.mark.parametrize("who", ["doctor", "patient"])
def test_what_is_left_can_be_cancelled(world, patient, desk, who):
    """R4: the part that was given stays, and so does its claim."""
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    rest = desk.gives(rx, {"1": 1})
    by = world.doctor if who == "doctor" else patient.client
    reason = {"reason": "clinical" if who == "doctor" else "patient_request"}

    assert refusal(by.command, of(rx, "cancel"), reason) == "cancel.already_dispensed"
    by.command(of(rest, "cancel"), reason)

    assert (status(rx), status(rest)) == ("dispensed", "cancelled")
    assert given(rx, rest) == {"1": 1}


def test_what_is_left_ends_when_the_prescription_does(world, patient, desk):
    """F11"""
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    rest = desk.gives(rx, {"1": 1})
    end = Prescription.objects.get(id=rx).valid_until
    assert Prescription.objects.get(id=rest).valid_until == end

    assert not issuing._expire(UUID(rest), end - timedelta(microseconds=1))
    assert issuing._expire(UUID(rest), end)

    assert (status(rx), status(rest)) == ("dispensed", "expired")


def test_readers_see_what_is_left(world, patient, desk):
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    rest = desk.gives(rx, {"1": 1})

    for reader in (patient.client, world.doctor):
        first, second = (reader.get(f"/api/prescriptions/{one}") for one in (rx, rest))
        assert first["parts"]["remainder"] == rest
        assert second["parts"]["remainder_of"] == rx
        assert second["parts"]["units"] == {"1": 2, "2": 2}
        assert second["lines"] == first["lines"]
    told = Notice.objects.filter(account_id=patient.account, kind="prescription.parted")
    assert told.count() == 1
    mine = patient.client.get("/api/prescriptions")["prescriptions"]
    assert {one["id"] for one in mine} == {rx, rest}


def test_an_answer_that_was_lost_is_found_again(world, patient, desk):
    """I7, I8: under the same key the same answer; without the key, what was done."""
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    assert refusal(desk.pharmacist.get, of(rx, "dispensing")) == "dispensing.none"
    body = drawn(desk.pharmacist, of(rx, "dispense-part"), {"lines": {"1": 1}})
    first = desk.pharmacist.write(of(rx, "dispense-part"), body, key="lost-answer-0001")

    again = desk.pharmacist.write(of(rx, "dispense-part"), body, key="lost-answer-0001")
    found = desk.pharmacist.get(of(rx, "dispensing"))

    assert again == first
    assert found["remainder"] == first["remainder"]
    assert (found["lines"], found["entry"]["leaf"]) == ({"1": 1}, first["entry"]["leaf"])
    assert refusal(world.pharmacist.get, of(rx, "dispensing")) == "access.wrong_pharmacy"
    assert given(rx) == {"1": 1}


def test_what_is_left_of_an_issue_puts_off_the_next(world, patient):
    """R14: what is left is the same issue, and is fetched before the next opens."""
    first, second, _ = long_term.approved(world, patient).rx
    desk = a_desk(world)
    lines = dict(Prescription.objects.get(id=first).quantities)
    line, units = max(lines.items(), key=lambda one: one[1])
    desk.comes(patient, first)
    rest = desk.gives(first, {line: units - 1} if units > 1 else {line: units})
    left = Prescription.objects.get(id=rest)
    issue = Prescription.objects.get(id=first)
    assert (left.series, left.issue_number) == (issue.series, issue.issue_number)
    assert refusal(desk.authorized, patient, second) == "prescription.too_early"

    desk.comes(patient, rest)
    desk.gives_all(rest, left.quantities)

    assert issue.interval_days is not None
    opens = plan.next_opens(timezone.now(), issue.interval_days)
    opened = Prescription.objects.get(id=second).opens_at
    assert opened is not None
    assert opened >= opens


def test_what_is_left_of_the_former_issue_is_still_open(world, patient):
    """R14, F11: it has lapsed, and is at a pharmacy until the clock ends it."""
    _ = world.pharmacist  # whose key is older than the day to which the test travels
    issues = long_term.approved(world, patient)
    first, second, _ = issues.rx
    desk = a_desk(world)
    desk.comes(patient, first)
    rest = desk.gives(first, {"1": 1})
    desk.authorized(patient, rest)

    with long_term.travelling(world, patient, issues.opens_at(2)):
        assert refusal(desk.authorized, patient, second) == "prescription.former_issue_open"
        assert long_term.expire(rest) == [True]
        desk.authorized(patient, second)

    assert (status(first), status(rest), status(second)) == ("dispensed", "expired", "authorized")


def test_the_database_adds_up_what_was_given(world, patient, desk):
    """R6: given and left are prescribed, and no more goes back than came."""
    rx = three_and_two(world, patient)
    desk.comes(patient, rx)
    desk.gives(rx, {"1": 1})
    with pytest.raises(IntegrityError, match="given and what is left"):
        Dispensing.objects.filter(prescription__id=rx).update(lines={"1": 2})
    payment = Refund.objects.get(payment__bill__prescription__id=rx).payment
    more = {"cause": "void", "out_refund_no": f"R{payment.out_trade_no[1:]}"}
    with pytest.raises(IntegrityError, match="more is owed back"):
        Refund.objects.create(
            payment=payment, amount_fen=payment.amount_fen, created_at=timezone.now(), **more
        )
