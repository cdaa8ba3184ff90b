"""What can be asked about samples and judgements; nothing here writes."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from hospital import errors
from hospital.models import Key
from ledger import note
from ledger import queries as ledger
from ledger.entry import Statement
from prescriptions.appraisal.codes import Verdict
from prescriptions.appraisal.models import Case, Sample
from prescriptions.appraisal.months import Month
from prescriptions.appraisal.statistics import CYCLE_MONTHS, Judged
from prescriptions.models import Prescription

REVIEWS = ("prescription.countersign", "prescription.review")


class NotSampled(errors.NotFound):
    """This prescription was not drawn for appraisal."""

    code = "appraisal.not_sampled"


class NotDrawn(errors.NotFound):
    """Nothing was drawn of this hospital and month, or not yet."""

    code = "appraisal.not_drawn"


def case(prescription_id: UUID) -> Case:
    """The case of a sampled prescription, with its draw. Raises ``NotSampled``."""
    rows = Case.objects.select_related("sample__draw")
    found = rows.filter(prescription=prescription_id).first()
    if found is None:
        raise NotSampled
    return found


def reviewers_of(prescription: Prescription) -> set[int]:
    """
    The persons who countersigned or approved a prescription or sent it back, as its entries say,
    and who reviewed it at the hospital before it was uploaded.

    Two queries, and one for an upload.
    """
    reviews = [one for one in ledger.entries_about(prescription.subject) if one.kind in REVIEWS]
    names = {Statement.parse(note.parse(one.note).text).by for one in reviews}
    persons = Key.objects.filter(name__in=names).values_list("account__person", flat=True)
    there = prescription.upload_reviewer.person_id if prescription.upload_reviewer else None
    return {person for person in (*persons, there) if person is not None}


def sample(hospital: str, month: Month) -> Sample:
    """A hospital's sample of a month, with its draw. Raises ``NotDrawn``."""
    rows = Sample.objects.select_related("draw", "hospital")
    found = rows.filter(hospital__slug=hospital, draw__month=month.first).first()
    if found is None:
        raise NotDrawn
    return found


def cases(of: Sample, *, after: int, size: int) -> list[Case]:
    """Up to ``size`` cases behind number ``after``."""
    return list(of.cases.filter(number__gt=after).order_by("number")[:size])


def judged_of(of: Sample) -> list[Judged]:
    """The judgements of a sample. One query; the cost is that of the sample."""
    return _judged(Case.objects.filter(sample=of))


def judged_in_cycle(of: Sample) -> list[Judged]:
    """The hospital's judgements of the period of assessment that ends with the sample's month."""
    last = Month(of.draw.month)
    return _judged(
        Case.objects.filter(
            sample__hospital=of.hospital_id,
            sample__draw__month__gt=last.before(CYCLE_MONTHS).first,
            sample__draw__month__lte=last.first,
        )
    )


def _judged(rows: QuerySet[Case]) -> list[Judged]:
    found = rows.exclude(verdict="").values_list(
        "prescription__doctor", "issued_at", "verdict", "problems", "judged_at"
    )
    return [
        Judged(doctor, issued_at, Verdict(verdict), tuple(problems), judged_at)
        for doctor, issued_at, verdict, problems, judged_at in found
        if judged_at is not None
    ]
