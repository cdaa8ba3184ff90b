"""The board over HTTP: what entries come to, who is named, and what a regulator says to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from hospital import access, calendar
from hospital.client import Problem
from hospital.models import Account
from hospital.roles import OrganisationKind, Role
from insurance.board import actions, alarms, counting, rules, tallying
from insurance.board.figures import LEAST
from insurance.board.models import Alarm, Cell, Rolled, Rule, Tally
from insurance.board.rules import Found
from ledger import network, sequencer, tailing
from ledger import queries as ledger
from ledger.entry import Statement
from ledger.tailing import Read
from pharmacy.hours import Interval
from pharmacy.queries_serving import Service
from tests.journeys.test_query_counts import queries_of
from tests.world import Patient, World, a_member, an_organisation

BOARD = "/api/board"


def sequenced() -> None:
    for line in network.lines():
        sequencer.sequence(network.origin(line))


def counted() -> None:
    """All entries have leaves and are counted."""
    sequenced()
    while actions.roll(at=timezone.now()):
        pass


@pytest.fixture
def rolling(world: World) -> World:
    """A board that counts from now on, whatever other tests have entered."""
    sequenced()
    here = tailing.written(tailing.ends())
    Rolled.objects.update_or_create(id=1, defaults={"position": here})
    return world


def a_hospital_of_its_own(world: World, patients: int) -> str:
    """A hospital where so many patients were prescribed something, and reviewed."""
    hospital = an_organisation(OrganisationKind.HOSPITAL)
    by = a_member(Role.DOCTOR, hospital)
    for _ in range(patients):
        enter_issue(hospital.slug, by.key_name, uuid4().hex * 2)
    counted()
    return hospital.slug


def enter_issue(hospital: str, by: str, tag: str) -> None:
    """Counted as the log would have it; nobody needs the prescription."""
    at = timezone.now()
    said = Statement(
        "log", f"rx/{uuid4().hex}", 1, b"", "prescription.issue", by, at, tag, b"",
        {"hospital": hospital},
    )  # fmt: skip
    entry = Read(1, "log", 0, bytes(32), at, said)
    counting.add(counting.figures_of([entry], {}))
    tallying.add(tallying.marks([entry]))


def figure(world: World, organisation: str, window: str = "hour") -> dict[str, int | None]:
    found = world.regulator.get(f"{BOARD}/figures", window=window, organisation=organisation)
    return {one["kind"]: one["total"] for one in found["counts"]}


@pytest.mark.parametrize("window", ["hour", "day"])
def test_figures_of_fewer_than_five_patients_are_withheld(rolling, window):
    """Z10"""
    few, enough = (a_hospital_of_its_own(rolling, number) for number in (LEAST - 1, LEAST))

    assert figure(rolling, few, window)["prescription.issue"] is None
    assert figure(rolling, enough, window)["prescription.issue"] == LEAST


def test_each_entry_is_counted_once_though_counting_fails_on_the_way(rolling, patient, monkeypatch):
    """I4: position and figures move together."""
    before = totals()
    rolling.delivered(patient)
    sequenced()
    with monkeypatch.context() as patch:
        patch.setattr(alarms, "note", lambda found, at: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            actions.roll(at=timezone.now())
    assert totals() == before

    counted()
    counted()

    after = totals()
    grown = {what: number - before.get(what, 0) for what, number in after.items()}
    assert grown["prescription.issue"] == grown["pharmacy.deliver"] == 1
    assert {grown[stage] for stage in ("review", "dispense", "deliver")} == {1}


def totals() -> dict[str, int]:
    """Of all time, by what was counted at all."""
    found: dict[str, int] = {}
    for cell in Cell.objects.filter(organisation="", span_s=3_600):
        found[cell.what] = found.get(cell.what, 0) + cell.number
    return found


def test_the_organisations_are_listed_with_what_they_count(rolling):
    slug = a_hospital_of_its_own(rolling, LEAST)

    page = rolling.regulator.get(f"{BOARD}/organisations", after=slug[:-1], size="1")

    (found,) = page["organisations"]
    assert (found["organisation"], found["kind"]) == (slug, "hospital")
    assert found["counts"]["prescription.issue"] == LEAST


def test_counting_costs_a_fixed_number_of_queries(rolling):
    costs = []
    for patients in (1, 3):
        for _ in range(patients):
            rolling.delivered(rolling.a_patient())
        sequenced()
        costs.append(len(queries_of(lambda: actions.roll(at=timezone.now()))))

    assert costs[0] == costs[1] <= 22


@pytest.mark.parametrize("path", ["figures", "organisations", "alarms"])
def test_asking_costs_a_fixed_number_of_queries(rolling, path):
    costs = []
    for patients in (1, 7):
        a_hospital_of_its_own(rolling, patients)
        sql = queries_of(lambda: rolling.regulator.get(f"{BOARD}/{path}"))
        costs.append(len(sql))

    assert costs[0] == costs[1] <= 4


def test_who_is_refused_in_number_is_an_alarm(rolling):
    rule = rules.THRESHOLDS[Rule.REFUSED_ACCESS]
    doctor = a_member(Role.DOCTOR, rolling.hospital)
    by = Account.objects.with_actor().get(id=doctor.account).actor
    for number in range(rule.least):
        if number == rule.least - 1:
            counted()
            assert not Alarm.objects.filter(who=by.name).exists()
        access.record_refusal(by=by, at=timezone.now(), of="rx/1", code="access.wrong_role")
    counted()

    alarm = Alarm.objects.get(who=by.name)
    assert (alarm.rule, alarm.number, alarm.organisation) == (
        Rule.REFUSED_ACCESS, rule.least, rolling.hospital.slug,
    )  # fmt: skip


def test_the_same_medicine_again_too_early_is_an_alarm(rolling):
    patient = rolling.a_patient()
    rolling.delivered(patient)
    counted()
    assert not early_of(patient)

    rolling.delivered(patient)
    counted()

    assert [one.number for one in early_of(patient)] == [1]


def early_of(patient: Patient) -> list[Alarm]:
    tag = patient.client.get("/api/me/entries")["tag"]
    return list(Alarm.objects.filter(rule=Rule.EARLY_REFILL, who=tag))


def marked(rule: Rule, who: str, among: str, days_ago: int, number: int = 1) -> tallying.Mark:
    day = calendar.legal_day(timezone.now()) - timedelta(days=days_ago)
    mark = (rule, who, day, among)
    tallying.add({mark: number})
    return mark


def test_the_fourth_pharmacy_in_a_month_is_an_alarm(world):
    tag, today = uuid4().hex * 2, marked(Rule.MANY_PHARMACIES, "x", "y", 0)[2]
    marks = [marked(Rule.MANY_PHARMACIES, tag, f"p{ago}", ago) for ago in (30, 29, 1, 1, 0)]
    assert list(tallying.met([(Rule.MANY_PHARMACIES, tag, today, "p0")])) == []

    marked(Rule.MANY_PHARMACIES, tag, "p-fourth", 2)

    (found,) = tallying.met([marks[-1]])
    assert (found.number, found.organisation) == (4, "")


def test_a_doctor_far_above_the_colleagues_is_an_alarm(world):
    hospital = uuid4().hex[:20]
    for number in range(5):
        marked(Rule.DOCTOR_OUTLIER, f"{hospital}/{number}", hospital, number, number=10)
    mark = marked(Rule.DOCTOR_OUTLIER, f"{hospital}/busy", hospital, 0, number=40)
    assert list(tallying.met([mark])) == []

    marked(Rule.DOCTOR_OUTLIER, f"{hospital}/busy", hospital, 6, number=1)

    assert [one.who for one in tallying.met([mark])] == [f"{hospital}/busy"]


@pytest.mark.parametrize(
    ("hour", "minute", "late"), [(17, 59, False), (18, 29, False), (18, 31, True), (7, 0, True)]
)
def test_a_pharmacy_that_has_closed_a_while_ago_is_late(hour, minute, late):
    """Hours are Asia/Shanghai's."""
    week = tuple(Interval(day, 8 * 60, 18 * 60) for day in range(7))
    at = datetime(2026, 11, 27, hour, minute, tzinfo=UTC) - timedelta(hours=8)

    assert tallying.closed(Service("p", "p", week, frozenset(), (), None), at) is late
    assert not tallying.closed(Service("p", "p", (), frozenset(), (), None), at)


def an_alarm(rule: Rule = Rule.OUT_OF_HOURS, at: datetime | None = None) -> Alarm:
    who = uuid4().hex
    alarms.note([Found(rule, who, "p", 3, 3)], at=at or timezone.now())
    return Alarm.objects.get(who=who)


def test_a_regulator_acknowledges_an_alarm_once_with_a_reason(world):
    alarm = an_alarm()
    path = f"{BOARD}/alarms/{alarm.id}/acknowledge"

    told = world.regulator.write(path, {"reason": "inquiry"})

    assert (told["reason"], told["acknowledged_by"][:9]) == ("inquiry", "regulator")
    for where, reason, code in (
        (path, "explained", "board.acknowledged"),
        (path, "其他", "body.invalid"),
        (f"{BOARD}/alarms/{uuid4()}/acknowledge", "explained", "board.unknown_alarm"),
    ):
        with pytest.raises(Problem) as refused:
            world.regulator.write(where, {"reason": reason})
        assert refused.value.code == code


def test_an_open_alarm_is_seen_again_and_opened_once(world):
    alarm = an_alarm()
    alarms.note([Found(Rule.OUT_OF_HOURS, alarm.who, "p", 7, 3)], at=timezone.now())

    again = Alarm.objects.get(who=alarm.who)
    assert (again.id, again.number) == (alarm.id, 7)
    assert again.seen_at > alarm.seen_at


def test_alarms_close_when_nothing_is_seen_any_more(world):
    now = timezone.now()
    quiet = rules.THRESHOLDS[Rule.OUT_OF_HOURS].quiet
    old, new = an_alarm(at=now - quiet - timedelta(seconds=1)), an_alarm(at=now)
    silent, late = an_alarm(Rule.WITNESS_DOWN), an_alarm(Rule.CHECKPOINT_LATE)

    alarms.close_quiet(at=now)
    alarms.close_over([Found(Rule.CHECKPOINT_LATE, late.who, "", 9, 1)], at=now)

    still = set(alarms.opened().values_list("id", flat=True))
    assert {old.id, silent.id} & still == set()
    assert {new.id, late.id} <= still
    listed = world.regulator.get(f"{BOARD}/alarms", state="closed", size="50")["alarms"]
    assert str(old.id) in {one["id"] for one in listed}


def test_an_entry_is_asked_for_by_its_place_in_a_log(world):
    """As the feed names it; a place that is none, or a log, has none."""
    subject = world.issued(world.a_patient())
    sequenced()
    about = world.regulator.get("/api/entries", subject=f"rx/{UUID(subject).hex}")["entries"]
    log = ledger.entries_about(f"rx/{UUID(subject).hex}")[-1].log
    index = str(about[-1]["index"])

    assert world.regulator.get("/api/entries", log=log, index=index)["entries"] == about[-1:]
    for where in ({"log": log, "index": str(10**15)}, {"log": "\x00某", "index": index}):
        assert world.regulator.get("/api/entries", **where)["entries"] == []
    with pytest.raises(Problem) as refused:
        world.regulator.get("/api/entries", log=log, index="-1")
    assert refused.value.code == "entry.bad_page"


def test_health_tells_of_each_log_and_its_checkpoints(world):
    actions.watch(at=timezone.now())

    told = world.regulator.get(f"{BOARD}/health")

    origins = [network.origin(line) for line in network.lines()]
    assert [one["log"] for one in told["logs"]][: len(origins)] == origins
    assert all(one["size"] >= one["signed"] >= one["final"] for one in told["logs"])


def test_what_no_question_reaches_is_forgotten(world):
    now = timezone.now()
    old = Cell.objects.create(
        span_s=300, begins=now - timedelta(hours=3), organisation="o", what="w", number=1
    )
    kept = Cell.objects.create(
        span_s=3_600, begins=now - timedelta(hours=3), organisation="o", what=uuid4().hex, number=1
    )
    mark = marked(Rule.REFUSED_ACCESS, uuid4().hex, "o", rules.KEPT_DAYS + 1)

    actions.forget(at=now)

    assert list(Cell.objects.filter(id__in=[old.id, kept.id])) == [kept]
    assert not Tally.objects.filter(who=mark[1]).exists()


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("figures", {"window": "week"}, "board.bad_question"),
        ("figures", {"organisation": "x" * 41}, "board.bad_question"),
        ("figures", {"organisation": "\x00"}, "board.bad_question"),
        ("organisations", {"after": "某"}, "board.bad_question"),
        ("organisations", {"size": "51"}, "page.bad_size"),
        ("alarms", {"state": "all"}, "board.bad_question"),
        ("alarms", {"cursor": "x"}, "page.bad_cursor"),
    ],
)
def test_refuses_a_question_that_is_none(world, path, query, code):
    with pytest.raises(Problem) as refused:
        world.regulator.get(f"{BOARD}/{path}", **query)
    assert (refused.value.status, refused.value.code) == (422, code)


def test_positions_are_written_in_one_way():
    assert tailing.position_of(tailing.written({12: 0, 3: 9})) == {3: 9, 12: 0}
    assert tailing.position_of("") == {}
