"""What holds of contents at a quiet moment: what is stored is what was signed, in its order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from hospital.units import stamp
from ledger.entry import Statement
from prescriptions.contents import Content
from prescriptions.models import ChangeRequest, Prescription, Version

BEGIN = {"prescription.issue", "prescription.upload"}
OWE = "prescription.owe"
BRING = {*BEGIN, OWE, "prescription.change"}
MOVE_THE_END = {*BEGIN, "prescription.extend"}
ANSWERS = {"keep": "prescription.keep", "change": "prescription.change"}


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Contents, ends, questions and their answers are those of the entries."""
    former: dict[UUID, list[Content]] = defaultdict(list)
    for version in _versions():
        former[version.prescription_id].append(version)
    asked: dict[UUID, list[ChangeRequest]] = defaultdict(list)
    for request in ChangeRequest.objects.select_related("record").order_by("id"):
        asked[request.prescription_id].append(request)
    for rx in Prescription.objects.select_related("record", "dispenser"):
        if way := ways.get(rx.subject, ()):
            if way[0].kind in {*BEGIN, OWE}:  # and was not void before
                yield from _of_contents(rx, [*former[rx.id], rx], way)
            yield from _of_questions(rx, asked[rx.id], way)


def _versions() -> Iterator[Version]:
    replaced = Version.objects.filter(replaced_at__isnull=False)
    yield from replaced.select_related("record", "dispenser").order_by("number")


def _of_contents(
    rx: Prescription, contents: list[Content], way: Sequence[Statement]
) -> Iterator[str]:
    signed = [(one.commitment, one.facts["lines"]) for one in way if one.kind in BRING]
    stored = [(bytes(one.record.commitment), one.quantities) for one in contents]
    if stored != signed:
        yield f"{rx.subject}: {len(stored)} contents, which are not the {len(signed)} signed ones"
    bound = [one.facts.get("dispenser") for one in way if one.kind in BRING]
    if bound != [one.dispenser and one.dispenser.slug for one in contents]:
        yield f"{rx.subject}: the only pharmacies of its contents are not the signed ones"
    ends = [one.facts["valid_until"] for one in way if one.kind in MOVE_THE_END]
    if ends and stamp(rx.valid_until) != ends[-1]:
        yield f"{rx.subject} ends at {rx.valid_until}, its entries say {ends[-1]}"


def _of_questions(
    rx: Prescription, asked: list[ChangeRequest], way: Sequence[Statement]
) -> Iterator[str]:
    named = [one.facts["request"] for one in way if one.facts.get("move") == "ask_change"]
    if [one.named for one in asked] != named:
        yield f"{rx.subject}: {len(asked)} questions, which are not the {len(named)} signed ones"
    for answer, kind in ANSWERS.items():
        said: set[Any] = {one.facts.get("request") for one in way if one.kind == kind} - {None}
        if said != {one.named for one in asked if one.answer == answer}:
            yield f"{rx.subject}: what was answered with {answer} is not what entries say"
