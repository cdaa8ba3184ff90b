"""A reviewer reads the consultation of an online prescription: recorded, and only to review it."""

import pytest

from hospital.roles import Role
from tests.journeys.test_looks import last_view
from tests.journeys.test_query_counts import queries_of
from tests.journeys.test_review_queue import APPROVE, NEXT, colleague, hospital  # noqa: F401
from tests.journeys.watching import count_entries, raw, subject
from tests.journeys.writes import of

PARTS = ("consultation", "consultation/messages", "consultation/messages/1")


def online(world, **changes):
    """Issued, of a consultation in which both have written."""
    talk = world.answered(world.patient)
    return world.issued(world.patient, online=True, consultation=talk, **changes), talk


def answers(client, rx):
    """Status and code of every part; a refusal shows nothing."""
    found = [raw(client, "GET", of(rx, part)) for part in PARTS]
    assert all("续方" not in one.text and "症状" not in one.text for one in found)
    return {(one.status_code, one.json()["code"]) for one in found}


@pytest.fixture
def ward(hospital):  # noqa: F811
    """With everybody there before anything is counted."""
    _ = hospital.patient, hospital.doctor
    return hospital


def test_the_reviewer_reads_question_and_messages_and_each_is_a_look(ward):
    rx, talk = online(ward)
    views = count_entries(kind="record.view")

    question, messages, first = (ward.reviewer.get(of(rx, part)) for part in PARTS)

    assert question["id"] == talk
    assert question["fields"]["complaint"] == "上次的药快用完了，症状平稳。"
    assert [one["text"] for one in messages["messages"]] == [
        "请问可以续方吗？",
        "可以，按时服药。",
    ]
    assert (first["text"], set(first["salts"])) == ("请问可以续方吗？", {"author", "at", "text"})
    assert count_entries(kind="record.view") == views + 3
    facts = last_view().facts
    assert (facts["purpose"], facts["role"], facts["records"]) == ("review", "reviewer", 1)
    assert facts["basis"] == subject(rx)
    assert facts["of"] == f"consultation/{talk.replace('-', '')}"


def test_the_patient_finds_the_look_under_the_own_tag(ward):
    rx, _ = online(ward)
    ward.reviewer.get(of(rx, "consultation"))
    own = last_view().patient
    ward.patient.client.get(f"/api/prescriptions/{rx}")
    assert own == last_view().patient != ""


def test_messages_come_in_pages(ward):
    rx, _ = online(ward)
    path = of(rx, "consultation/messages")
    page = ward.reviewer.get(path, size=1)
    assert ([one["number"] for one in page["messages"]], page["next"]) == ([1], 1)
    rest = ward.reviewer.get(path, size=1, after=1)
    assert ([one["number"] for one in rest["messages"]], rest["next"]) == ([2], None)


@pytest.mark.parametrize("decision", [APPROVE, {"decision": "return", "reason": "dose"}])
def test_after_the_review_it_is_closed(ward, decision):
    rx, _ = online(ward)
    ward.reviewer.command(of(rx, "review"), decision)
    refusals = count_entries(kind="record.refuse")
    assert answers(ward.reviewer, rx) == {(409, "prescription.wrong_state")}
    assert count_entries(kind="record.refuse") == refusals + 3


def test_before_it_is_issued_it_is_closed(ward):
    talk = ward.answered(ward.patient)
    rx = ward.drafted(ward.patient, online=True, consultation=talk)
    assert answers(ward.reviewer, rx) == {(409, "prescription.wrong_state")}


def test_while_another_has_it_in_hand_it_is_closed(ward):
    rx, _ = online(ward)
    assert ward.second_reviewer.write(NEXT, {})["id"] == rx
    assert answers(ward.reviewer, rx) == {(409, "review.in_hand")}
    ward.second_reviewer.get(of(rx, "consultation"))


def test_to_others_it_is_closed(ward):
    """Another hospital's reviewer, and whoever wrote it or is to receive it."""
    rx, talk = online(ward)
    prescriber = colleague(ward.doctor, Role.REVIEWER, ward.hospital)
    receiver = colleague(ward.patient.client, Role.REVIEWER, ward.hospital)
    views = count_entries(kind="record.view")
    assert answers(ward.foreign_reviewer, rx) == {(403, "access.wrong_hospital")}
    for own in (prescriber, receiver):
        assert answers(own, rx) == {(403, "access.own_prescription")}
    for stranger in (ward.doctor, ward.patient.client):
        assert answers(stranger, rx) == {(403, "access.wrong_role")}
    assert raw(ward.reviewer, "GET", f"/api/consultations/{talk}").status_code == 403
    assert count_entries(kind="record.view") == views


def test_what_is_taken_says_whether_there_is_one(ward):
    for rx, consulted in ((online(ward)[0], True), (ward.issued(ward.patient), False)):
        taken = ward.reviewer.write(NEXT, {})
        assert (taken["id"], taken["consulted"]) == (rx, consulted)
        ward.reviewer.command(of(rx, "review"), APPROVE)


def test_what_came_of_no_consultation_has_none(ward):
    rx = ward.issued(ward.patient)
    assert answers(ward.reviewer, rx) == {(404, "prescription.not_consulted")}


def test_a_message_that_is_not_there(ward):
    rx, _ = online(ward)
    answer = raw(ward.reviewer, "GET", of(rx, "consultation/messages/3"))
    assert (answer.status_code, answer.json()["code"]) == (404, "consultation.unknown_message")


def test_the_look_costs_a_fixed_number_of_queries(ward):
    rx, talk = online(ward)
    costs = []
    for _ in range(2):
        path = of(rx, "consultation/messages")
        costs.append(len(queries_of(lambda p=path: ward.reviewer.get(p))))
        for number in range(5):
            ward.doctor.write(f"/api/consultations/{talk}/messages", {"text": f"第{number}条"})
    assert costs[0] == costs[1] <= 8
