"""Appraisal (处方点评): a sampled prescription is read under an entry and judged by signature."""

from uuid import UUID

import pytest
from django.utils import timezone

from hospital.actions import people
from hospital.client import Client
from hospital.models import Account
from hospital.roles import Role
from prescriptions.appraisal.models import Case
from tests import lawfulness
from tests.journeys import sampled, writes
from tests.journeys.looking import own_list
from tests.journeys.sampled import GOOD, WORST, judges, refusal_of
from tests.journeys.turns import in_turn
from tests.journeys.watching import at_once, count_entries, everything, outcomes, raw
from tests.world import a_member, enrolled


@pytest.fixture
def appraiser(world) -> Client:
    return sampled.appraiser(world)


def test_a_sampled_prescription_is_read_and_judged(world, patient, appraiser):
    """L15: the look is entered first; the patient finds both entries, by nobody's name."""
    rx = sampled.drawn(world, world.dispensed(patient))
    seen = appraiser.get(sampled.path(rx))
    assert seen["fields"]["diagnosis/1"]["code"] == "J06.9"
    assert (seen["verdict"], seen["judged_at"]) == (None, None)

    judged = judges(appraiser, rx, {"verdict": "unsuitable", "problems": ["2-5", "1-10", "2-5"]})

    assert (judged["verdict"], judged["problems"]) == ("unsuitable", ["1-10", "2-5"])
    look, judgement = own_list(patient)[-2:]
    assert look.facts["purpose"] == look.facts["basis"] == "appraisal"
    assert look.facts["fields"] == [""]
    assert (judgement.kind, judgement.version) == ("prescription.appraise", 1)
    assert judgement.subject == f"appraisal/{UUID(rx).hex}"
    case = Case.objects.select_related("sample__draw", "prescription__record").get(
        prescription_id=rx
    )
    assert judgement.facts == {
        "class": "unsuitable",
        "problems": ["1-10", "2-5"],
        "seed": bytes(case.sample.draw.seed).hex(),
    }
    assert judgement.commitment == bytes(case.prescription.record.commitment)
    assert lawfulness.faults() == []


def test_what_was_cancelled_or_sent_back_is_judged_too(world, patient, appraiser):
    """The doctor signed it; and the law still knows by whom (it forgets other things)."""
    cancelled, returned = world.issued(patient), world.issued(patient)
    world.doctor.command(writes.of(cancelled, "cancel"), {"reason": "clinical"})
    world.reviewer.command(writes.of(returned, "review"), {"decision": "return", "reason": "dose"})
    sampled.drawn(world, cancelled, returned)
    for rx in (cancelled, returned):
        judges(appraiser, rx)
    assert lawfulness.faults() == []


def test_what_the_reviewer_is_shown_is_in_chinese(world, patient, appraiser):
    rx = sampled.one(world, patient)
    asked = {"verdict": "abnormal", "problems": ["3-1", "2-7"], "key": appraiser.key_name}
    drawn = appraiser.post(sampled.path(rx, "judge/statement"), asked)
    assert drawn["shows"]["zh"] == "处方点评：超常：2-7 重复给药；3-1 无适应证用药"


@pytest.mark.parametrize(
    "opinion",
    [
        {"verdict": "reasonable", "problems": ["1-1"]},
        {"verdict": "irregular", "problems": []},
        {"verdict": "irregular", "problems": ["1-1", "2-1"]},
        {"verdict": "abnormal", "problems": ["2-1"]},
    ],
)
def test_the_class_must_fit_the_problems(world, patient, appraiser, opinion):
    """R9"""
    rx = sampled.one(world, patient)
    assert refusal_of(appraiser, rx, opinion) == (422, "appraisal.unfit")


@pytest.mark.parametrize("problems", [["1-16"], ["x"], [1], "1-1", None])
def test_a_problem_is_one_of_the_rules(world, patient, appraiser, problems):
    """D4"""
    rx = sampled.one(world, patient)
    opinion = {"verdict": "irregular", "problems": problems}
    assert refusal_of(appraiser, rx, opinion) == (422, "body.invalid")


# --- who ----------------------------------------------------------------------------------------


def moonlighting(world, account: str) -> Client:
    """A second account of the same person: a reviewer of the hospital."""
    person = Account.objects.select_related("person").get(id=account).person
    made = people.employ(
        Role.REVIEWER, world.hospital, at=timezone.now(), person=person, license_number=account[:20]
    )
    return enrolled(made)


def refused_to(world, rx: str, client: Client, code: str) -> None:
    """Neither shown nor judged; the refused look is an entry, and nothing else changed."""
    before, refusals = everything(), count_entries(kind="record.refuse")
    answer = raw(client, "GET", sampled.path(rx))
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert refusal_of(client, rx) == (403, code)
    body = {**GOOD, "note": "x"}
    answer = raw(client, "POST", sampled.path(rx, "judge"), body=body)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert everything() == before
    assert count_entries(kind="record.refuse") == refusals + 1


def test_another_hospital_has_no_say(world, patient):
    """Z1"""
    rx = sampled.one(world, patient)
    refused_to(world, rx, world.foreign_reviewer, "access.wrong_hospital")


def test_nobody_appraises_what_he_prescribed_or_receives(world, patient):
    """K8: one person, two accounts."""
    rx = sampled.one(world, patient)
    for account in (world.doctor.account, patient.account):
        refused_to(world, rx, moonlighting(world, account), "access.own_prescription")


def test_nobody_appraises_what_he_reviewed(world, patient):
    """K8: with that key, with another account, and if somebody else reviewed it last."""
    rx = world.approved(patient)
    world.doctor.write(writes.of(rx, "versions"), world.content())
    world.doctor.command(writes.of(rx, "change"))
    second = a_member(Role.REVIEWER, world.hospital)
    second.command(writes.of(rx, "review"), {"decision": "return", "reason": "dose"})
    sampled.drawn(world, rx)
    for who in (world.reviewer, second):
        refused_to(world, rx, who, "appraisal.own_review")
        refused_to(world, rx, moonlighting(world, who.account), "appraisal.own_review")
    judges(sampled.appraiser(world), rx)
    assert lawfulness.faults() == []


def test_what_was_not_drawn_is_neither_shown_nor_judged(world, patient, appraiser):
    """Z1: being of the hospital is no reason to look."""
    rx = world.dispensed(patient)
    views = count_entries(kind="record.view")
    answer = raw(appraiser, "GET", sampled.path(rx))
    assert (answer.status_code, answer.json()["code"]) == (404, "appraisal.not_sampled")
    assert refusal_of(appraiser, rx) == (404, "appraisal.not_sampled")
    assert count_entries(kind="record.view") == views


# --- once ---------------------------------------------------------------------------------------


def test_it_is_judged_once(world, patient, appraiser):
    rx = sampled.one(world, patient)
    judges(appraiser, rx)
    assert refusal_of(a_member(Role.REVIEWER, world.hospital), rx) == (409, "appraisal.judged")


def test_of_two_at_once_one_is_entered(world, patient, appraiser):
    """I5: the row is locked first."""
    rx, other = sampled.one(world, patient), a_member(Role.REVIEWER, world.hospital)
    path = sampled.path(rx, "judge")
    ready = [
        writes.signed(by, path, opinion) for by, opinion in ((appraiser, GOOD), (other, WORST))
    ]

    results = at_once(*(lambda one=one: one.by.write(one.path, one.body) for one in ready))

    assert outcomes(results) == ["appraisal.judged", "done"]
    assert count_entries(subject=f"appraisal/{UUID(rx).hex}") == 1


def test_the_log_shows_a_change_and_a_judgement_as_they_were(world, patient, appraiser):
    """I5, L14: whichever is first, the other waits for it, so the log is lawful."""
    for judged_first in (True, False):
        rx = sampled.one(world, patient)
        world.doctor.write(writes.of(rx, "versions"), world.content())
        calls = [
            writes.signed(appraiser, sampled.path(rx, "judge"), GOOD),
            writes.signed(world.doctor, writes.of(rx, "change")),
        ]
        ordered = calls if judged_first else list(reversed(calls))
        first, second = in_turn(
            *(lambda one=one: one.by.write(one.path, one.body) for one in ordered)
        )
        assert isinstance(first, dict)
        assert isinstance(second, dict) or second.code == "statement.altered"
        assert isinstance(second, dict) is judged_first
    assert lawfulness.faults() == []


def test_nobody_judges_what_he_is_about_to_review(world, patient):
    """K8, L14: one reviewer, two calls at one moment."""
    rx, who = sampled.drawn(world, world.issued(patient)), a_member(Role.REVIEWER, world.hospital)
    review = writes.signed(who, writes.of(rx, "review"), {"decision": "approve"})
    judgement = writes.signed(who, sampled.path(rx, "judge"), GOOD)
    first, second = in_turn(
        *(lambda one=one: one.by.write(one.path, one.body) for one in (review, judgement))
    )
    assert isinstance(first, dict)
    assert second.code == "appraisal.own_review"
    assert lawfulness.faults() == []


def test_what_changed_since_it_was_seen_is_not_judged_unseen(world, patient, appraiser):
    """K2: the statement names the content."""
    rx = sampled.one(world, patient)
    ready = writes.signed(appraiser, sampled.path(rx, "judge"), GOOD)
    world.doctor.write(writes.of(rx, "versions"), world.content())
    world.doctor.command(writes.of(rx, "change"))
    answer = raw(appraiser, "POST", ready.path, body=ready.body)
    assert (answer.status_code, answer.json()["code"]) == (422, "statement.altered")
    judges(appraiser, rx)
    assert lawfulness.faults() == []
