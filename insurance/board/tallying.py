"""
What entries mean to the rules: tallies by person or pharmacy and day, and who meets a rule by them.

Asked is only about those of whom something was read just now, so it costs what is new. What the
entries do not tell is looked up: the pharmacies' hours, and out of which items something left a
shelf, since a medicine stands in no entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from hospital import calendar
from hospital.models import Organisation
from insurance.board import rules
from insurance.board.models import Rule, Tally
from insurance.board.rules import THRESHOLDS, Found
from ledger.entry import Statement
from ledger.tailing import Read
from pharmacy import hours, queries_serving
from pharmacy.queries_serving import Service

DISPENSE = "pharmacy.dispense"
ISSUES = ("prescription.issue", "prescription.upload")
_EARLY_S = rules.EARLY.total_seconds()
Mark = tuple[Rule, str, date, str]
"""Rule, who, legal day, among whom."""


def marks(entries: Iterable[Read]) -> Counter[Mark]:
    """What these entries add to the tallies; four queries at most."""
    found: Counter[Mark] = Counter()
    given: list[Statement] = []
    for entry in entries:
        said, day = entry.statement, calendar.legal_day(entry.stored_at)
        for rule, who, among in _plain(said):
            found[rule, who[:200], day, among[:40]] += 1
        if said.kind == DISPENSE and "offline" not in said.facts:
            given.append(said)
    found.update(_out_of_hours(given))
    found.update(_early(given))
    return found


def _plain(said: Statement) -> Iterator[tuple[Rule, str, str]]:
    """What an entry says by itself."""
    facts = said.facts
    if said.kind in ISSUES:
        yield Rule.DOCTOR_OUTLIER, str(facts.get("doctor", said.by)), str(facts["hospital"])
    if said.kind == DISPENSE and said.patient:
        yield Rule.MANY_PHARMACIES, said.patient, str(facts["pharmacy"])
    if said.kind == "record.refuse":
        yield Rule.REFUSED_ACCESS, str(facts["reader"]), str(facts["organisation"])


def _out_of_hours(given: list[Statement]) -> Iterator[Mark]:
    """What was given out after closing, or before opening; brought in later counts for nothing."""
    if not given:
        return
    slugs = {str(one.facts["pharmacy"]) for one in given}
    ids = Organisation.objects.filter(slug__in=slugs).values_list("id", flat=True)
    days = {calendar.legal_day(one.at) for one in given}
    week = queries_serving.services(dict.fromkeys(ids), on=min(days))
    by_slug = {one.slug: one for one in week.values()}
    for one in given:
        service = by_slug.get(str(one.facts["pharmacy"]))
        if service is not None and closed(service, one.at):
            yield Rule.OUT_OF_HOURS, service.slug, calendar.legal_day(one.at), service.slug


def closed(service: Service, at: datetime) -> bool:
    """Whether it had closed a while before; who has not said its hours is never late."""
    asked = (at, at - rules.GRACE)
    return all(hours.standing(service.week, service.closed, one).open is False for one in asked)


def _early(given: list[Statement]) -> Iterator[Mark]:
    """The same medicine to the same patient again, while most of a supply should be there."""
    by_id = {UUID(one.subject.removeprefix("rx/")): one for one in given}
    if not by_id:
        return
    since = min(one.at for one in given) - rules.EARLY
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN_AGAIN, {"ids": list(by_id), "since": since, "early_s": _EARLY_S})
        for (prescription,) in cursor.fetchall():
            said = by_id[prescription]
            day, where = calendar.legal_day(said.at), str(said.facts["pharmacy"])
            yield Rule.EARLY_REFILL, said.patient, day, where


def add(more: Mapping[Mark, int]) -> None:
    """Add to the tallies that are stored: one query."""
    if not more:
        return
    ordered = sorted(more.items())
    columns = zip(*((*mark, number) for mark, number in ordered), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [[*map(_plainly, column)] for column in columns])


def met(touched: Iterable[Mark]) -> list[Found]:
    """Who of them meets a rule now; two queries."""
    marks = list(touched)
    doctors = {mark for mark in marks if mark[0] == Rule.DOCTOR_OUTLIER}
    return [*_sums(mark for mark in marks if mark not in doctors), *_doctors(doctors)]


def _sums(marks: Iterable[Mark]) -> Iterator[Found]:
    asked = {(rule, who): _since(rule, day) for rule, who, day, _ in marks}
    if not asked:
        return
    values: list[Any] = [
        [rule.value for rule, _ in asked],
        [who for _, who in asked],
        [*asked.values()],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        for name, who, among, number, places in cursor.fetchall():
            rule = Rule(name)
            several = rule == Rule.MANY_PHARMACIES
            counted, least = places if several else number, THRESHOLDS[rule].least
            if counted >= least:
                yield Found(rule, who, "" if several else among, counted, least)


def _doctors(marks: Iterable[Mark]) -> Iterator[Found]:
    """Doctors far above those of the same hospital; costs its doctors and the days counted."""
    hospitals = {among: _since(rule, day) for rule, _, day, among in marks}
    if not hospitals:
        return
    with connection.cursor() as cursor:
        cursor.execute(_PEERS, [list(hospitals), list(hospitals.values())])
        by_hospital: dict[str, dict[str, int]] = {}
        for among, who, number in cursor.fetchall():
            by_hospital.setdefault(among, {})[who] = number
    touched = {who for _, who, _, _ in marks}
    for hospital, counted in by_hospital.items():
        yield from (one for one in rules.outliers(counted, hospital) if one.who in touched)


def _since(rule: Rule, day: date) -> date:
    return day - timedelta(days=THRESHOLDS[rule].days - 1)


def _plainly(value: Any) -> Any:
    return value.value if isinstance(value, Rule) else value


def forget(at: datetime) -> int:
    """Delete the tallies that no rule looks at any more."""
    first = calendar.legal_day(at) - timedelta(days=rules.KEPT_DAYS)
    return Tally.objects.filter(day__lt=first).delete()[0]


_ADD = """
    INSERT INTO board_tally (rule, who, day, among, number)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[], %s::int[])
    ON CONFLICT (rule, who, day, among) DO UPDATE SET number = board_tally.number + excluded.number
"""
_SUMS = """
    SELECT t.rule, t.who, max(t.among), sum(t.number), count(DISTINCT t.among)
    FROM unnest(%s::text[], %s::text[], %s::date[]) AS asked (rule, who, since)
    JOIN board_tally t ON t.rule = asked.rule AND t.who = asked.who AND t.day >= asked.since
    GROUP BY t.rule, t.who
"""
_PEERS = """
    SELECT t.among, t.who, sum(t.number)
    FROM unnest(%s::text[], %s::date[]) AS asked (among, since)
    JOIN board_tally t
        ON t.rule = 'doctor_outlier' AND t.among = asked.among AND t.day >= asked.since
    GROUP BY t.among, t.who
"""
_GIVEN_AGAIN = """
    SELECT DISTINCT now.id
    FROM prescriptions_prescription now
    JOIN pharmacy_movement m ON m.prescription_id = now.id AND m.kind = 'dispensed'
    JOIN pharmacy_lot l ON l.id = m.lot_id JOIN pharmacy_stockitem i ON i.id = l.item_id
    JOIN prescriptions_prescription other
        ON other.patient_id = now.patient_id AND other.id <> now.id
    JOIN pharmacy_movement before ON before.prescription_id = other.id
        AND before.kind = 'dispensed' AND before.at <= m.at
        AND before.at > m.at - %(early_s)s * interval '1 second'
    JOIN pharmacy_lot was ON was.id = before.lot_id
    JOIN pharmacy_stockitem had ON had.id = was.item_id AND had.medicine_id = i.medicine_id
    WHERE now.id = ANY(%(ids)s) AND now.remainder_of_id IS NULL AND before.at > %(since)s
"""
