"""A pharmacist asks, a doctor changes or keeps, and it is reviewed again: told as stories."""

from datetime import timedelta

import pytest
from django.utils import timezone

from hospital.client import Problem
from hospital.models import SealedRecord
from insurance import tasks as money
from insurance.models import Bill, Refund
from pharmacy import tasks as shelves
from pharmacy.models import Dispensing, Reservation, StockItem
from prescriptions.actions import issuing
from prescriptions.models import ChangeRequest, Prescription, Version
from tests.journeys import writes
from tests.journeys.letters import letter, paid_on_the_phone, send
from tests.journeys.test_looks import last_view
from tests.journeys.watching import count_entries, everything, kinds, raw
from tests.world import World, a_medicine

APPROVE = {"decision": "approve"}
BOTH = {"lines": {"1": 1, "2": 1}}
KEEP = {"reason": "intended"}
NOT_CHOSEN = "access.wrong_pharmacy"


@pytest.fixture(autouse=True)
def nothing_held_in_vain(world: World) -> None:
    """What other tests cancelled is back on the shelves."""
    shelves.release_closed()


def status(rx: str) -> str:
    return Prescription.objects.get(id=rx).status


def shelf(world: World) -> list[tuple[int, int]]:
    """The three medicines with which the pharmacy began; other tests put more there."""
    items = StockItem.objects.filter(pharmacy=world.pharmacy).order_by("id")[:3]
    return [(item.on_hand, item.reserved) for item in items]


def moved(before, after) -> list[tuple[int, int]]:
    """By how much on_hand and reserved of each item differ."""
    return [(b[0] - a[0], b[1] - a[1]) for a, b in zip(before, after, strict=True)]


def bills(rx) -> list[str]:
    found = Bill.objects.filter(prescription=rx).order_by("opened_at")
    return list(found.values_list("state", flat=True))


def refunds(rx) -> int:
    return Refund.objects.filter(payment__bill__prescription=rx).count()


def scan(world, patient, rx: str) -> str:
    made = world.pharmacist.write("/api/scans", {"code": world.code(patient, rx)})
    return str(made["scans"][0]["id"])


def refusal(call, *what) -> str:
    """The code with which ``call(*what)`` is refused."""
    with pytest.raises(Problem) as refused:
        call(*what)
    return refused.value.code


def test_from_the_counter_to_a_second_review_and_the_medicines(world, patient):
    """R4, R11, I16: the whole story; nothing of the first authorization is left or paid for."""
    world.covers(patient, fund_bp=7_000)
    rx = world.paid(patient)
    first_scan = scan(world, patient, rx)
    before = shelf(world)
    asked = writes.asking(
        words="第一种药剂量偏大，第二种可停用。",
        lines=[{"line": 1, "medicine": world.medicines[0].code, "quantity": 1}],
    )
    world.pharmacist.command(writes.of(rx, "change-request"), asked)
    assert status(rx) == "paid"

    (waiting,) = [
        one
        for one in world.doctor.get("/api/change-requests")["requests"]
        if one["prescription"] == rx
    ]
    assert (waiting["words"], waiting["lines"]) == (asked["words"], asked["lines"])
    assert world.change(rx, "1")["status"] == "issued"
    assert refusal(world.pharmacist.command, writes.of(rx, "dispense"), BOTH) == NOT_CHOSEN
    assert refusal(world.pharmacist.get, f"/api/scans/{first_scan}") == NOT_CHOSEN

    world.reviewer.command(writes.of(rx, "review"), APPROVE)
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    assert bills(rx) == ["void", "open"]
    assert refunds(rx) == 1
    assert moved(before, shelf(world)) == [(0, 1), (0, -1), (0, 0)]  # two of one, none of the other
    assert refusal(world.pharmacist.get, f"/api/scans/{first_scan}") == "scan.unknown"

    world.pay(patient, rx)
    second_scan = scan(world, patient, rx)
    shown = world.pharmacist.get(f"/api/scans/{second_scan}")
    assert {number: line["dose"] for number, line in shown["lines"].items()} == {"1": "1"}
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 2}})
    patient.client.command(writes.of(rx, "deliver"))
    claimed = writes.owed(world.fund_agent, rx)
    assert claimed == Bill.objects.get(prescription=rx, state="paid").fund_fen
    decision = {"decision": "approve", "approved_fen": claimed}
    world.fund_agent.command(f"/api/claims/{rx}/decide", decision)

    assert status(rx) == "claimed"
    assert moved(before, shelf(world)) == [(-2, -1), (0, -1), (0, 0)]
    assert kinds(rx) == [
        "prescription.issue",
        "prescription.review",
        "prescription.authorize",
        "insurance.pay",
        "prescription.change_request",
        "prescription.change",
        "prescription.review",
        "prescription.authorize",
        "insurance.pay",
        "pharmacy.dispense",
        "pharmacy.deliver",
        "insurance.claim",
    ]


def test_what_was_held_and_paid_goes_back_though_nobody_authorizes_again(world, patient):
    """I16: stock and money learn of the change by themselves; running twice changes nothing."""
    before = shelf(world)
    rx = world.asked_to_change(patient)
    world.change(rx)
    assert moved(before, shelf(world))[:2] == [(0, 1), (0, 1)]
    assert bills(rx) == ["paid"]

    for _ in range(2):
        shelves.release_closed()
        money.refund_owed()

    assert shelf(world) == before
    assert (bills(rx), refunds(rx)) == (["void"], 1)
    assert Refund.objects.get(payment__bill__prescription=rx).state == "done"


@pytest.mark.parametrize("pulled", [[shelves.release_closed], [money.refund_owed], []])
def test_a_new_authorization_waits_for_no_task(world, patient, pulled):
    """R5: whichever of the two tasks has run, one bill is live and one basket is kept."""
    before = shelf(world)
    rx = world.asked_to_change(patient)
    world.change(rx, "1")
    world.reviewer.command(writes.of(rx, "review"), APPROVE)
    for task in pulled:
        task()

    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))

    assert moved(before, shelf(world)) == [(0, 2), (0, 0), (0, 0)]
    assert (bills(rx), refunds(rx)) == (["void", "open"], 1)
    held = Reservation.objects.filter(prescription=rx, state="held")
    assert held.count() == 1


def test_the_last_boxes_can_be_chosen_again(world, patient):
    """R14: what the own former choice has kept is free for the new one."""
    pharmacy = world.a_pharmacy(on_hand=1)
    rx = world.approved(patient)
    choice = {"pharmacy": pharmacy.slug, "way": "collect"}
    patient.client.command(writes.of(rx, "authorize"), choice)
    world.change(rx, "0.5")
    world.reviewer.command(writes.of(rx, "review"), APPROVE)

    assert patient.client.command(writes.of(rx, "authorize"), choice)["status"] == "authorized"


def test_money_that_comes_after_the_change_goes_back(world, patient, bench):
    """I16: before the old bill is void, and after it; the new bill stays unpaid."""
    rx = world.authorized(patient)
    number = paid_on_the_phone(world, bench, patient, rx)
    world.change(rx, "1")

    assert send(letter(bench, number)).status_code == 204
    assert (status(rx), refunds(rx)) == ("issued", 1)

    world.reviewer.command(writes.of(rx, "review"), APPROVE)
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    assert send(letter(bench, number)).status_code == 204
    assert (status(rx), refunds(rx), bills(rx)) == ("authorized", 1, ["void", "open"])


def test_a_notice_for_the_old_bill_pays_nothing_of_the_new_one(world, patient, bench):
    """I15, I16"""
    rx = world.authorized(patient)
    number = paid_on_the_phone(world, bench, patient, rx)
    world.change(rx, "1")
    world.reviewer.command(writes.of(rx, "review"), APPROVE)
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))

    assert send(letter(bench, number)).status_code == 204

    assert (status(rx), refunds(rx), bills(rx)) == ("authorized", 1, ["void", "open"])


def test_the_doctor_leaves_it_as_it_is(world, patient):
    """The pharmacist reads the answer and dispenses what stands."""
    rx = world.asked_to_change(patient)
    world.doctor.command(writes.of(rx, "keep"), KEEP)

    (answer,) = [
        one
        for one in world.pharmacist.get("/api/change-requests")["requests"]
        if one["prescription"] == rx
    ]
    assert (answer["answer"], answer["keep_reason"]) == ("keep", "intended")
    assert "words" not in answer
    assert rx not in str(world.doctor.get("/api/change-requests"))
    world.pharmacist.command(writes.of(rx, "change-request"), writes.asking())  # may ask again
    world.doctor.command(writes.of(rx, "keep"), {"reason": "clarified"})
    world.pharmacist.command(writes.of(rx, "dispense"), BOTH)
    assert kinds(rx)[4:] == [
        *("prescription.change_request", "prescription.keep") * 2,
        "pharmacy.dispense",
    ]


def test_one_question_at_a_time(world, patient):
    rx = world.asked_to_change(patient)
    again = (writes.of(rx, "change-request"), writes.asking())
    assert refusal(world.pharmacist.command, *again) == "change.already_asked"
    assert ChangeRequest.objects.filter(prescription=rx).count() == 1


def test_a_question_ends_with_the_authorization(world, patient):
    """R3: nobody answers a pharmacy that the patient has left; the next one may ask."""
    rx = world.asked_to_change(patient)
    patient.client.command(writes.of(rx, "withdraw"))
    assert ChangeRequest.objects.get(prescription=rx).answer == "withdrawn"
    keep = (writes.of(rx, "keep"), KEEP)
    assert refusal(world.doctor.command, *keep) == "prescription.wrong_state"

    choice = {"pharmacy": world.other_pharmacy.slug, "way": "collect"}
    patient.client.command(writes.of(rx, "authorize"), choice)
    assert refusal(world.doctor.command, *keep) == "change.nothing_asked"
    empty = writes.asking(reason="out_of_stock")
    world.other_pharmacist.command(writes.of(rx, "change-request"), empty)
    waiting = [
        one["reason"]
        for one in world.doctor.get("/api/change-requests")["requests"]
        if one["prescription"] == rx
    ]
    assert waiting == ["out_of_stock"]


@pytest.mark.parametrize("ended", ["dispensed", "cancelled", "expired"])
def test_what_became_of_the_prescription_answers_the_question(world, patient, ended):
    rx = world.asked_to_change(patient)
    if ended == "dispensed":
        world.pharmacist.command(writes.of(rx, "dispense"), BOTH)
    elif ended == "cancelled":
        world.doctor.command(writes.of(rx, "cancel"), {"reason": "clinical"})
    else:
        issuing.expire_lapsed(at=Prescription.objects.get(id=rx).valid_until)
    assert status(rx) == ended
    assert rx not in str(world.doctor.get("/api/change-requests"))


def test_who_has_not_seen_it_may_only_say_that_the_shelf_is_empty(world, patient):
    """Z3: before the patient's code was scanned, and by a colleague who has not scanned."""
    for rx, by in (
        (world.authorized(patient), world.pharmacist),
        (world.scanned(patient), world.second_pharmacist),
    ):
        for reason in ("dose", "interaction", "other"):
            asking = (writes.of(rx, "change-request"), writes.asking(reason=reason))
            assert refusal(by.command, *asking) == "scan.missing"
        by.command(writes.of(rx, "change-request"), writes.asking(reason="out_of_stock"))
        assert kinds(rx)[-1] == "prescription.change_request"


def test_what_is_proposed_is_in_the_catalogue(world, patient):
    rx = world.scanned(patient)
    proposed = [{"line": 1, "medicine": "no such code", "quantity": 1}]
    before = everything()
    body = {**writes.asking(lines=proposed), "key": world.pharmacist.key_name}
    answer = raw(world.pharmacist, "POST", writes.of(rx, "change-request/statement"), body=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "medicine.unknown")
    assert answer.json()["field"] == "lines[0].medicine"
    for salt in ("", "x", "AAAA", "!" * 24):
        body = {**writes.asking(salt=salt), "key": world.pharmacist.key_name}
        answer = raw(world.pharmacist, "POST", writes.of(rx, "change-request/statement"), body=body)
        assert answer.status_code == 422
    assert everything() == before


def test_other_words_than_the_pharmacist_signed_are_refused(world, patient):
    """K2, K9: the statement commits to the words, under the desk's salt."""
    ready = writes.ask_change(world, patient)
    before = everything()
    for change in ({"words": "别的话"}, {"salt": writes.asking()["salt"]}, {"reason": "allergy"}):
        answer = raw(ready.by, "POST", ready.path, body={**ready.body, **change})
        assert (answer.status_code, answer.json()["code"]) == (422, "statement.altered")
    assert everything() == before


def test_a_doctor_sees_questions_about_own_prescriptions_only(world, patient):
    """Z1, Z7, L15: and the look is one entry with their number."""
    rx = world.asked_to_change(patient)
    assert rx not in str(world.other_doctor.get("/api/change-requests"))
    assert last_view().facts["records"] == 0
    mine = world.doctor.get("/api/change-requests")["requests"]
    assert rx in [one["prescription"] for one in mine]
    assert last_view().facts["records"] == len(mine)
    looks = count_entries(kind="record.view")
    assert rx not in str(world.other_pharmacist.get("/api/change-requests"))
    assert count_entries(kind="record.view") == looks


# --- what the doctor may bring --------------------------------------------------------------------


def test_a_change_obeys_the_rules_of_prescribing(world, patient):
    """R7: what may not be issued may not come by way of a change; the old content stands."""
    rx = world.issued(patient)
    line = world.content()["lines"][0]
    six = [{**line, "medicine": a_medicine().code} for _ in range(6)]
    before = everything()
    for lines, code in (
        (six, "prescription.rule_broken"),
        ([{**line, "medicine": "none"}], "medicine.unknown"),
        ([{**line, "frequency": "never"}], "frequency.unknown"),
    ):
        body = {**world.content(), "lines": lines}
        answer = raw(world.doctor, "POST", writes.of(rx, "versions"), body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert everything() == before
    assert refusal(world.doctor.command, writes.of(rx, "change")) == "change.nothing_drafted"
    drafting = (writes.of(rx, "versions"), world.content())
    assert refusal(world.other_doctor.write, *drafting) == "access.wrong_doctor"
    assert refusal(patient.client.write, *drafting) == "access.wrong_role"


def test_a_draft_of_another_day_is_looked_at_again(world, patient):
    """F11: as with an issue, the rules have to have looked on the day of the signature."""
    rx = world.issued(patient)
    world.doctor.write(writes.of(rx, "versions"), world.content())
    yesterday = timezone.now() - timedelta(days=1)
    Version.objects.filter(prescription=rx).update(drafted_at=yesterday)
    assert refusal(world.doctor.command, writes.of(rx, "change")) == "change.nothing_drafted"
    assert world.change(rx)["status"] == "issued"


def test_a_later_draft_replaces_one_that_waits(world, patient):
    """The earlier one, which nobody signed, is gone with its words."""
    rx = world.issued(patient)
    records = []
    for dose in ("1", "1.5"):
        world.doctor.write(writes.of(rx, "versions"), world.content(dose))
        records.append(Version.objects.get(prescription=rx).record_id)
    assert not SealedRecord.objects.filter(id=records[0]).exists()
    world.doctor.command(writes.of(rx, "change"))
    assert Prescription.objects.get(id=rx).record_id == records[1]


def test_a_draft_that_nobody_signs_is_forgotten(world, patient):
    rx = world.issued(patient)
    world.change(rx, "1")
    world.doctor.write(writes.of(rx, "versions"), world.content("1.5"))
    waiting = Version.objects.get(prescription=rx, replaced_at=None)
    Version.objects.filter(prescription=rx).update(drafted_at=timezone.now() - timedelta(days=6))

    issuing.forget_drafts(at=timezone.now())

    assert [one.number for one in Version.objects.filter(prescription=rx)] == [1]
    assert not SealedRecord.objects.filter(id=waiting.record_id).exists()


def test_what_a_reviewer_sent_back_is_mended(world, patient):
    rx = world.issued(patient)
    back = {"decision": "return", "reason": "dose"}
    world.reviewer.command(writes.of(rx, "review"), back)
    assert world.change(rx)["status"] == "issued"
    shown = world.reviewer.get(f"/api/prescriptions/{rx}")
    assert shown["lines"]["1"]["dose"] == "1"
    assert world.reviewer.command(writes.of(rx, "review"), APPROVE)["status"] == "approved"


def test_a_doctor_needs_no_question_to_change(world, patient):
    """Who could cancel can change: the milder of the two, and it keeps the story in one chain."""
    rx = world.scanned(patient)
    assert world.change(rx)["status"] == "issued"
    assert Prescription.objects.get(id=rx).pharmacy is None


def test_an_online_prescription_is_changed_after_its_consultation(world, patient):
    """The doctor has seen the patient; what is wrong is put right though the talk is over."""
    talk = world.answered(patient)
    diagnosis = {"code": "J06.900", "name": "急性上呼吸道感染", "main": True}
    rx = world.issued(patient, online=True, consultation=talk, diagnoses=[diagnosis])
    world.doctor.command(f"/api/consultations/{talk}/close")
    body = {**world.content(), "diagnoses": [diagnosis]}
    world.doctor.write(writes.of(rx, "versions"), body)
    assert world.doctor.command(writes.of(rx, "change"))["status"] == "issued"
    narcotic = {**body["lines"][0], "medicine": a_medicine(control="narcotic").code}
    not_online = {**body, "lines": [narcotic]}
    refused = raw(world.doctor, "POST", writes.of(rx, "versions"), body=not_online)
    assert refused.json()["code"] == "prescription.rule_broken"


def test_validity_does_not_start_anew(world, patient):
    rx = world.issued(patient, valid_days=1)
    end = Prescription.objects.get(id=rx).valid_until
    world.change(rx)
    assert Prescription.objects.get(id=rx).valid_until == end


# --- former contents ------------------------------------------------------------------------------


def test_every_content_stays_readable_and_committed(world, patient):
    """L13, L15: for patient and doctor, under one entry; a content that waits is not among them."""
    rx = world.issued(patient)
    committed = [bytes(Prescription.objects.get(id=rx).record.commitment)]
    for dose in ("1", "1.5"):
        world.change(rx, dose)
        committed.append(bytes(Prescription.objects.get(id=rx).record.commitment))
    world.doctor.write(writes.of(rx, "versions"), world.content("2"))

    for client in (patient.client, world.doctor):
        looks = count_entries(kind="record.view")
        found = client.get(writes.of(rx, "versions"))["versions"]
        assert [one["number"] for one in found] == [3, 2, 1]
        assert [one["fields"]["line/1"]["dose"] for one in found] == ["1.5", "1", "0.5"]
        assert [one["replaced_at"] is None for one in found] == [True, False, False]
        assert count_entries(kind="record.view") == looks + 1
        assert last_view().facts["records"] == 3
    former = Version.objects.filter(prescription=rx, replaced_at__isnull=False).order_by("number")
    stored = [*former, Prescription.objects.get(id=rx)]
    assert [bytes(one.record.commitment) for one in stored] == committed
    assert len(set(committed)) == 3


def test_former_contents_are_nobody_elses(world, patient):
    """Z1, L15: refused, recorded, and not a word of them shown."""
    rx = world.issued(patient)
    world.change(rx)
    for client, code in (
        (world.other_patient.client, "access.wrong_patient"),
        (world.other_doctor, "access.wrong_doctor"),
        (world.reviewer, "access.wrong_role"),
        (world.pharmacist, "access.wrong_role"),
    ):
        refusals = count_entries(kind="record.refuse")
        answer = raw(client, "GET", writes.of(rx, "versions"))
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert "急性" not in answer.text
        assert count_entries(kind="record.refuse") == refusals + 1


def test_dispensed_is_what_was_changed_last(world, patient):
    rx = world.asked_to_change(patient)
    world.change(rx, "1", "1.5")
    world.reviewer.command(writes.of(rx, "review"), APPROVE)
    patient.client.command(writes.of(rx, "authorize"), world.choice(patient))
    world.pay(patient, rx)
    scan(world, patient, rx)
    old = (writes.of(rx, "dispense"), BOTH)
    assert refusal(world.pharmacist.command, *old) == "dispensing.wrong_quantity"
    world.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 2, "2": 3}})
    assert Dispensing.objects.get(prescription=rx).lines == {"1": 2, "2": 3}
