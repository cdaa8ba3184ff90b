"""The patient's inbox: that there is news, and nothing of what it says; what WeChat may deliver."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.celery import app
from hospital.notices import actions
from hospital.notices.kinds import SENTENCES, Kind, Topic, topic
from hospital.notices.models import Notice, Subscription
from tests.journeys.series import refused
from tests.journeys.telling import INBOX, inbox, tell
from tests.journeys.watching import at_once, everything

SUBSCRIBE = f"{INBOX}/subscriptions"


def test_the_inbox_is_read_page_by_page(world, patient):
    """D3: newest first; what is read up to one notice leaves newer ones unread."""
    start = timezone.now() + timedelta(hours=1)
    for minute in range(5):
        tell(patient, start + timedelta(minutes=minute), about=f"rx/{minute}")
    first = inbox(patient, size=3)
    second = inbox(patient, size=3, cursor=first["next"])
    subjects = [one["subject"] for one in first["notices"] + second["notices"]]
    assert subjects[:5] == ["rx/4", "rx/3", "rx/2", "rx/1", "rx/0"]
    assert (first["unread"], second["next"]) == (6, None)

    answer = patient.client.write(f"{INBOX}/read", {"up_to": first["notices"][2]["id"]})
    assert answer == {"unread": 2}
    assert [one["read"] for one in inbox(patient)["notices"]] == [False] * 2 + [True] * 4


def test_nobody_reads_anothers_notices(world, patient):
    """Z1"""
    other = world.a_patient()
    mine = inbox(patient)["notices"][0]["id"]
    assert mine not in str(inbox(other))
    with refused("notice.unknown"):
        other.client.write(f"{INBOX}/read", {"up_to": mine})
    assert inbox(patient)["unread"] == 1


def test_the_inbox_costs_the_same_whatever_is_in_it(world, patient):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            inbox(patient, size=50)
        return len(captured)

    few = queries()
    for minute in range(45):
        tell(patient, timezone.now() + timedelta(minutes=minute))
    assert queries() == few <= 7


def test_every_kind_has_a_sentence_that_says_nothing_else():
    """P1: one sentence for each kind, the same for everybody."""
    assert set(SENTENCES) == set(Kind)
    assert not any("{" in one or "%" in one for one in SENTENCES.values())
    assert {topic(kind) for kind in Kind} == set(Topic)


def test_a_row_has_no_column_for_content():
    """P1: a kind, an opaque subject, times and counts; nobody can put more there."""
    assert {field.name for field in Notice._meta.get_fields()} == {
        *("id", "account", "kind", "subject", "version", "created_at", "read_at"),
        *("due_at", "tries", "granted_at", "outcome"),
    }


def test_the_tasks_carry_nobody():
    """P1: what waits in the queue says "look now"."""
    ticks = [one for one in app.conf.beat_schedule.values() if "notices" in one["task"]]
    assert [one["args"] for one in ticks] == [()]


# --- what WeChat may deliver -------------------------------------------------------------------


def answered(patient, **answers):
    said = [{"template": f"template-{name}", "answer": one} for name, one in answers.items()]
    return patient.client.write(SUBSCRIBE, {"answers": said})["left"]


def test_each_accept_is_one_message(world, patient):
    assert answered(patient, security="accept", parcel="reject") == {"security": 1}
    assert answered(patient, security="acceptWithAudio", parcel="ban") == {"security": 2}
    assert answered(patient, security="filter", parcel="accept") == {"security": 2, "parcel": 1}
    left = {one["topic"]: one["left"] for one in inbox(patient)["templates"]}
    assert left == {"prescription": 0, "parcel": 1, "security": 2}


def test_two_phones_at_once_count_both_accepts(world, patient):
    """R1"""
    at_once(*[lambda: answered(patient, security="accept")] * 3)
    assert inbox(patient)["templates"][2]["left"] == 3


def test_nobody_saves_up_without_end(world, patient):
    answered(patient, security="accept")
    Subscription.objects.filter(account_id=patient.account).update(left=actions.MOST_LEFT)
    assert answered(patient, security="accept") == {"security": actions.MOST_LEFT}


def test_an_unknown_template_is_refused(world, patient):
    before = everything()
    with refused("notice.unknown_template"):
        answered(patient, security="accept", other="accept")
    assert everything() == before
