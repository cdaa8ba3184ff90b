"""Order 53: an assistant's prescription counts when countersigned; some are approved by two."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hospital.actions import people
from hospital.client import Problem
from hospital.models import Account
from hospital.rights import Rights, Title
from hospital.roles import Role
from prescriptions import lifecycle
from prescriptions.models import Prescription
from tests import lawfulness
from tests.journeys.watching import at_once, everything, kinds, outcomes, raw
from tests.journeys.writes import of
from tests.world import LONG_AGO, a_medicine, a_member

APPROVE = {"decision": "approve"}
RETURN = {"decision": "return", "reason": "interaction"}


def status(rx):
    return Prescription.objects.get(id=rx).status


def refused(client, rx, verb, body):
    """The code with which the draft of the statement is refused; nothing was changed."""
    before = everything()
    with pytest.raises(Problem) as problem:
        client.command(of(rx, verb), body)
    assert everything() == before
    return problem.value.code


def colleague(world, client, role):
    """Another account of the client's person."""
    account = Account.objects.select_related("person").get(id=client.account)
    return a_member(role, world.hospital, person=account.person)


# --- countersignature ---------------------------------------------------------------------------


def test_what_an_assistant_signs_waits_for_another_doctor(world, patient):
    """Art. 9: nobody reviews it before, everybody sees that it waits, and then it goes on."""
    rx = world.submitted(patient)
    assert (status(rx), kinds(rx)) == ("pending", ["prescription.issue"])
    assert refused(world.reviewer, rx, "review", APPROVE) == "prescription.wrong_state"
    listed = world.doctor.get("/api/countersignatures", size=50)["prescriptions"]
    assert rx in [one["id"] for one in listed]

    seen = world.doctor.get(of(rx, "countersign"))
    assert (seen["id"], seen["status"]) == (rx, "pending")
    assert seen["lines"]
    world.doctor.command(of(rx, "countersign"), APPROVE)

    assert status(rx) == "issued"
    world.reviewer.command(of(rx, "review"), APPROVE)
    assert (status(rx), kinds(rx)[1:]) == (
        "approved",
        ["prescription.countersign", "prescription.review"],
    )
    assert Prescription.objects.get(id=rx).countersigner_id == person(world.doctor)


def person(client):
    return Account.objects.get(id=client.account).person_id


@pytest.mark.parametrize("rights", [{"title": Title.ASSISTANT}, {"trainee": True}], ids=str)
def test_who_needs_a_countersignature(world, patient, rights):
    """Art. 9 and 12: the assistant, and whoever is in training, whatever the title."""
    junior = a_member(
        Role.DOCTOR, world.hospital, rights=Rights(practising_since=LONG_AGO, **rights)
    )
    made = junior.write("/api/prescriptions", world.draft(patient))
    assert "rx.countersignature" in [one["rule"] for one in made["findings"]]
    assert junior.command(of(made["id"], "issue"))["status"] == "pending"
    other = world.submitted(patient)
    assert refused(junior, other, "countersign", APPROVE) == "countersign.not_entitled"
    answer = raw(junior, "GET", of(other, "countersign"))
    assert (answer.status_code, answer.json()["code"]) == (403, "countersign.not_entitled")


def test_nobody_countersigns_for_oneself(world, patient):
    """K8: not by another account of the same person either, nor the patient who is a doctor."""
    rx = world.submitted(patient)
    again = colleague(world, world.assistant, Role.DOCTOR)
    assert refused(again, rx, "countersign", APPROVE) == "access.own_prescription"
    assert refused(world.assistant, rx, "countersign", APPROVE) == "access.own_prescription"
    assert refused(world.foreign_doctor, rx, "countersign", APPROVE) == "access.wrong_hospital"


def test_who_countersigned_is_no_reviewer_of_it(world, patient):
    """K8: two persons were asked for, and a third is."""
    rx = world.submitted(patient)
    world.doctor.command(of(rx, "countersign"), APPROVE)
    same = colleague(world, world.doctor, Role.REVIEWER)
    assert refused(same, rx, "review", APPROVE) == "access.own_prescription"


def test_a_colleague_sends_it_back_and_it_is_written_anew(world, patient):
    """The reason is one of the codes; the new content waits again."""
    rx = world.submitted(patient)
    world.doctor.command(of(rx, "countersign"), RETURN)
    assert status(rx) == "returned"
    world.assistant.write(of(rx, "versions"), world.content("0.5"))
    assert world.assistant.command(of(rx, "change"))["status"] == "pending"
    world.doctor.command(of(rx, "countersign"), APPROVE)
    assert status(rx) == "issued"


def test_a_change_after_the_countersignature_waits_again(world, patient):
    """What the colleague signed is not what it says now."""
    rx = world.submitted(patient)
    world.doctor.command(of(rx, "countersign"), APPROVE)
    world.reviewer.command(of(rx, "review"), APPROVE)
    world.assistant.write(of(rx, "versions"), world.content("0.5"))
    world.assistant.command(of(rx, "change"))
    found = Prescription.objects.get(id=rx)
    assert (found.status, found.countersigner_id) == ("pending", None)
    assert refused(patient.client, rx, "authorize", world.choice(patient)) == (
        "prescription.wrong_state"
    )


def test_a_colleague_signs_only_what_the_own_rights_allow(world, patient):
    """The rules look as if the colleague prescribed it."""
    narcotics = Rights(title=Title.ASSISTANT, controlled=True, practising_since=LONG_AGO)
    junior = a_member(Role.DOCTOR, world.hospital, rights=narcotics)
    medicine = a_medicine(control="narcotic")
    line = {**world.draft(patient)["lines"][0], "medicine": medicine.code, "days": 1}
    draft = world.draft(patient, lines=[line])
    rx = junior.write("/api/prescriptions", draft)["id"]
    junior.command(of(rx, "issue"))
    assert refused(world.doctor, rx, "countersign", APPROVE) == "prescription.rule_broken"
    entitled = a_member(
        Role.DOCTOR, world.hospital, rights=Rights(controlled=True, practising_since=LONG_AGO)
    )
    entitled.command(of(rx, "countersign"), APPROVE)
    assert status(rx) == "issued"


def test_rights_that_were_taken_away_meanwhile(world, patient):
    """What counts are the colleague's rights at the moment of signing."""
    rx = world.submitted(patient)
    senior = a_member(
        Role.DOCTOR, world.hospital, rights=Rights(practising_since=LONG_AGO), license_number="S1"
    )
    body = {**APPROVE, "key": senior.key_name}
    drawn = senior.post(f"{of(rx, 'countersign')}/statement", body)
    people.entitle(world.hospital, "S1", department=None, rights=Rights(trainee=True))
    answer = raw(
        senior,
        "POST",
        of(rx, "countersign"),
        body={**APPROVE, "note": senior.sign(drawn["statement"])},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "countersign.not_entitled")
    assert status(rx) == "pending"


def test_two_colleagues_at_one_moment(world, patient):
    """R3: one signs, the other's statement is stale."""
    rx = world.submitted(patient)
    bodies = [
        {
            **APPROVE,
            **by.signed(
                by.post(f"{of(rx, 'countersign')}/statement", {**APPROVE, "key": by.key_name})
            ),
        }
        for by in (world.doctor, world.other_doctor)
    ]
    results = at_once(
        lambda: world.doctor.write(of(rx, "countersign"), bodies[0]),
        lambda: world.other_doctor.write(of(rx, "countersign"), bodies[1]),
    )
    assert outcomes(results) == ["done", "prescription.wrong_state"]
    assert kinds(rx).count("prescription.countersign") == 1


def test_the_assistant_cancels_what_waits(world, patient):
    rx = world.submitted(patient)
    world.assistant.command(of(rx, "cancel"), {"reason": "prescribing_error"})
    assert refused(world.doctor, rx, "countersign", APPROVE) == "prescription.wrong_state"


def test_the_list_of_what_waits_asks_once(world, patient):
    """A fixed number of queries, however long the list; other hospitals' are not in it."""
    counts = []
    for _ in range(2):
        for _ in range(3):
            world.submitted(patient)
        with CaptureQueriesContext(connection) as asked:
            world.doctor.get("/api/countersignatures", size=50)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert world.foreign_doctor.get("/api/countersignatures")["prescriptions"] == []


# --- two reviewers ------------------------------------------------------------------------------


def test_what_is_toxic_is_approved_by_two(world, patient):
    """The first only checks; the patient can do nothing with it until another has confirmed."""
    rx = world.toxic(patient)
    assert world.reviewer.command(of(rx, "review"), APPROVE)["status"] == "checked"
    assert refused(patient.client, rx, "authorize", world.choice(patient)) == (
        "prescription.wrong_state"
    )
    assert refused(world.reviewer, rx, "review", APPROVE) == "access.same_reviewer"
    again = colleague(world, world.reviewer, Role.REVIEWER)
    assert refused(again, rx, "review", APPROVE) == "access.same_reviewer"

    done = world.second_reviewer.command(of(rx, "review"), APPROVE)

    assert done["status"] == "approved"
    assert kinds(rx) == ["prescription.issue", *["prescription.review"] * 2]
    found = Prescription.objects.get(id=rx)
    assert (found.checker_id, found.confirmer_id) == (
        person(world.reviewer),
        person(world.second_reviewer),
    )


def test_narcotics_take_two_as_well(world, patient):
    doctor = a_member(
        Role.DOCTOR, world.hospital, rights=Rights(controlled=True, practising_since=LONG_AGO)
    )
    medicine = a_medicine(control="narcotic")
    line = {**world.draft(patient)["lines"][0], "medicine": medicine.code, "days": 1}
    rx = doctor.write("/api/prescriptions", world.draft(patient, lines=[line]))["id"]
    doctor.command(of(rx, "issue"))
    assert world.reviewer.command(of(rx, "review"), APPROVE)["status"] == "checked"
    assert world.second_reviewer.command(of(rx, "review"), APPROVE)["status"] == "approved"


def test_an_ordinary_one_takes_one(world, patient):
    rx = world.issued(patient)
    assert world.reviewer.command(of(rx, "review"), APPROVE)["status"] == "approved"


@pytest.mark.parametrize("who", ["reviewer", "second_reviewer"])
def test_either_may_send_it_back(world, patient, who):
    rx = world.checked(patient)
    getattr(world, who).command(of(rx, "review"), RETURN)
    assert status(rx) == "returned"


def test_what_was_checked_stays_in_the_queue(world, patient):
    """Of the hospital's reviewers, until the second has answered."""
    rx = world.checked(patient)
    listed = world.second_reviewer.get("/api/prescriptions")["prescriptions"]
    assert (rx, "checked") in [(one["id"], one["status"]) for one in listed]
    world.second_reviewer.command(of(rx, "review"), APPROVE)
    listed = world.second_reviewer.get("/api/prescriptions")["prescriptions"]
    assert rx not in [one["id"] for one in listed]


def test_what_happens_while_a_statement_is_drawn_makes_it_stale(world, patient, monkeypatch):
    """R3: the state was read before the colleague's review, the version after it."""
    rx, propose = world.toxic(patient), lifecycle.propose
    overtaken: list[str] = []

    def overtake(*args, **named):
        if not overtaken:
            overtaken.append(rx)
            world.reviewer.command(of(rx, "review"), APPROVE)
        return propose(*args, **named)

    monkeypatch.setattr(lifecycle, "propose", overtake)

    assert world.second_reviewer.command(of(rx, "review"), APPROVE)["status"] == "approved"


def test_two_at_one_moment_are_not_two_reviews(world, patient):
    """R3: both have drawn "check"; the second draws anew, and then it is "confirm"."""
    rx = world.toxic(patient)
    clients = (world.reviewer, world.second_reviewer)
    bodies = [
        {
            **APPROVE,
            **by.signed(by.post(f"{of(rx, 'review')}/statement", {**APPROVE, "key": by.key_name})),
        }
        for by in clients
    ]
    results = at_once(
        *[
            lambda by=by, body=body: by.write(of(rx, "review"), body)
            for by, body in zip(clients, bodies, strict=True)
        ]
    )
    assert outcomes(results) == ["done", "statement.stale"]
    assert status(rx) == "checked"


def test_a_changed_one_is_reviewed_by_two_again(world, patient):
    rx = world.checked(patient)
    line = {**world.draft(patient)["lines"][0], "medicine": world.poison.code, "days": 1}
    content = {"diagnoses": world.draft(patient)["diagnoses"], "lines": [line]}
    world.doctor.write(of(rx, "versions"), content)
    world.doctor.command(of(rx, "change"))
    assert status(rx) == "issued"
    world.second_reviewer.command(of(rx, "review"), APPROVE)
    assert status(rx) == "checked"
    world.reviewer.command(of(rx, "review"), APPROVE)
    assert status(rx) == "approved"


def test_the_law_agrees_with_all_of_it(world, patient):
    """L1: the entries of these ways replay."""
    ways = [world.submitted(patient), world.submitted(patient), world.checked(patient)]
    for rx, verdict in zip(ways[:2], (APPROVE, RETURN), strict=True):
        world.doctor.command(of(rx, "countersign"), verdict)
    world.second_reviewer.command(of(ways[2], "review"), APPROVE)
    assert lawfulness.faults() == []
