"""Guardians see for a child until the 18th birthday, and for who appointed them until the end."""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from hospital import calendar, guardianlaw, paging, permissions
from hospital.guardians.actions import appointing
from pharmacy.actions import history
from tests import consented, invariants, lawfulness
from tests.journeys import writes
from tests.journeys.guarding import (
    ALL,
    CERTIFICATE,
    appoints,
    looks,
    refused,
    registers,
    years_ago,
)
from tests.journeys.looking import events, own_list
from tests.journeys.watching import account, at_once, drawn

MOMENT = timedelta(microseconds=1)


def test_a_mother_sees_what_her_child_was_prescribed(world, mother, child):
    """Registered with sealed evidence; each look is an entry that rests on the guardianship."""
    world.dispensed(child)
    made = registers(mother, child)

    page = looks(mother, made.id)

    assert (page["basis"], page["purpose"]) == (made.subject, "guardianship")
    assert page["opened"] == list(guardianlaw.OPENED)
    assert page["prescriptions"][0]["dispensing"]["pharmacy"] == world.pharmacy.slug
    assert not any(name.startswith("patient/") for name in page["prescriptions"][0]["fields"])
    assert events(made.subject) == ["guardianship.register", "record.view"]
    (entry,) = [one for one in own_list(child) if one.kind == "guardianship.register"]
    assert entry.commitment == bytes(made.record.commitment)
    assert entry.facts["guardian"] == f"patient/{UUID(mother.account).hex}"
    assert CERTIFICATE not in str(entry.facts)
    assert lawfulness.faults() == []
    assert not [one for one in consented.faults(invariants._ways()) if made.subject in one]


def test_the_child_is_told_in_plain_words_that_the_guardian_looked(world, mother, child):
    made = registers(mother, child)
    looks(mother, made.id)
    own_list(child)

    (look,) = [
        one for one in child.client.get("/api/me/looks")["looks"] if one["basis"] == made.subject
    ]

    assert not look["own"]
    assert "监护人" in look["text"]
    assert "依据：监护关系" in look["text"]
    assert "您本人" not in look["text"]


def test_both_find_it_in_their_lists(mother, child):
    made = registers(mother, child)
    (mine,) = mother.client.get(ALL)["wards"]
    (its,) = child.client.get(ALL)["guardians"]
    assert mine == its
    assert (mine["id"], mine["ward"], mine["kind"]) == (str(made.id), child.account, "registered")
    assert mother.client.get(ALL)["guardians"] == child.client.get(ALL)["wards"] == []


@pytest.mark.parametrize(
    ("late", "opens"), [(-timedelta(days=1), True), (-MOMENT, True), (timedelta(0), False)]
)
def test_a_child_comes_of_age_when_the_18th_birthday_begins(world, mother, late, opens):
    """By itself, and to the microsecond: nothing has to run for it."""
    born = years_ago(18, days=40)
    made = registers(mother, world.a_patient(born))
    birthday = calendar.begins(date(born.year + 18, born.month, born.day))
    assert made.until == birthday
    by = account(mother.client).actor
    with time_machine.travel(birthday + late, tick=False):
        at = datetime.now(UTC)
        about = history.About(guardianship=made.id)
        if opens:
            page = history.view(about, paging.Wanted(None, 5), by=by, at=at)
            assert page.basis.subject == made.subject
        else:
            with pytest.raises(permissions.GuardianshipOver):
                history.view(about, paging.Wanted(None, 5), by=by, at=at)


def test_who_was_born_on_29_february_comes_of_age_on_1_march(world, mother):
    child = world.a_patient(date(2024, 2, 29))
    made = registers(mother, child)
    assert made.until == calendar.begins(date(2042, 3, 1))
    assert lawfulness.faults() == []


def test_an_old_man_appoints_his_daughter_and_ends_it(world, patient, daughter):
    made = appoints(patient, daughter)
    assert made["kind"] == "appointed"
    assert looks(daughter, made["id"])["basis"] == made["subject"]

    ended = patient.client.command(f"{ALL}/{made['id']}/end")

    assert ended["ended_at"]
    assert refused(looks, daughter, made["id"]) == (403, "guardianship.over")
    assert events(made["subject"]) == [
        "guardianship.appoint",
        "record.view",
        "guardianship.end",
    ]
    again = f"{ALL}/{made['id']}/end/statement"
    assert refused(patient.client.post, again, {"key": patient.client.key_name}) == (
        409,
        "guardianship.wrong_state",
    )
    appoints(patient, daughter)
    assert looks(daughter, made["id"])["basis"] != made["subject"]
    assert lawfulness.faults() == []


def test_what_is_signed_says_whom_and_until_when(patient, daughter):
    body = {**writes.appointing(daughter), "key": patient.client.key_name}
    shown = patient.client.post(f"{ALL}/statement", body)["shows"]["zh"]
    assert daughter.id_number[-4:] in shown
    assert daughter.id_number not in shown


@pytest.mark.parametrize("records", [0, 1, 2])
def test_a_look_costs_the_same_for_any_number_of_records(
    world, mother, child, django_assert_num_queries, records
):
    made = registers(mother, child)
    by, about = account(mother.client).actor, history.About(guardianship=made.id)
    for _ in range(records):
        world.dispensed(child)
    with django_assert_num_queries(10 if records else 6):
        history.view(about, paging.Wanted(None, 5), by=by, at=timezone.now())


def test_a_look_waits_for_the_end_that_was_first(world, patient, daughter):
    """R3: and is refused, even though it was asked for before the end was committed."""
    made = appoints(patient, daughter)
    note = drawn(patient.client, f"{ALL}/{made['id']}/end", {})["note"]
    by, results = account(daughter.client).actor, []
    about = history.About(guardianship=UUID(made["id"]))

    def look():
        history.view(about, paging.Wanted(None, 5), by=by, at=timezone.now())

    looking = threading.Thread(target=lambda: results.extend(at_once(look)))
    with transaction.atomic():
        appointing.end(UUID(made["id"]), note, by=account(patient.client).actor, at=timezone.now())
        looking.start()
        time.sleep(0.3)
        assert results == []
    looking.join()
    (result,) = results
    assert isinstance(result, permissions.GuardianshipOver)
    assert events(made["subject"])[-1] == "guardianship.end"
