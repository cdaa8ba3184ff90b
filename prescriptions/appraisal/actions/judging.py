"""Judge a sampled prescription, once, under the reviewer's signature."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from hospital import access, errors, signing
from hospital.roles import Actor
from ledger import chain
from ledger.entry import Statement
from prescriptions import lifecycle
from prescriptions.appraisal import codes, law, permissions, queries
from prescriptions.appraisal.codes import Verdict
from prescriptions.appraisal.models import Case
from prescriptions.models import Prescription


class Unfit(errors.Invalid):
    """The class is that of the gravest problem; a reasonable prescription has none."""

    code = "appraisal.unfit"


class Judged(errors.Conflict):
    """This prescription has been appraised."""

    code = "appraisal.judged"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reviewer says: the class, and the codes of the problems, sorted, each once."""

    verdict: Verdict
    problems: tuple[str, ...]

    @classmethod
    def of(cls, verdict: str, problems: Iterable[str]) -> Opinion:
        """Raises ``Unfit``."""
        found = tuple(sorted(set(problems)))
        if codes.verdict_of(found) is not Verdict(verdict):
            raise Unfit(field="verdict", fits=codes.verdict_of(found).value)
        return cls(Verdict(verdict), found)


def draw(
    prescription_id: UUID, opinion: Opinion, *, by: Actor, key: str, at: datetime
) -> Statement:
    """The statement of a judgement. Raises what ``judge`` raises."""
    prescription = lifecycle.find(prescription_id)
    found = _case(prescription, by)
    return signing.draw(_draft(found, prescription, opinion), by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def judge(
    prescription_id: UUID, opinion: Opinion, signed: str, *, by: Actor, at: datetime
) -> tuple[Case, chain.Appended]:
    """
    Enter what ``by`` thinks of the content now in force.

    The prescription is locked, though it stays as it is: a change or a review waits, or was first
    and is seen. Otherwise the log could show them in an order that is not lawful.

    Raises:
        lifecycle.UnknownPrescription, queries.NotSampled, Judged: see each; and what
        ``permissions.check_appraiser`` and ``signing.append`` raise.
    """
    prescription = lifecycle.lock(prescription_id)
    found = _case(prescription, by)
    draft = _draft(found, prescription, opinion)
    entry = signing.append(draft, signed, by=by, at=at)
    found.verdict, found.problems = opinion.verdict, list(opinion.problems)
    found.reviewer_id, found.judged_at = by.account, at
    found.save(update_fields=["verdict", "problems", "reviewer", "judged_at"])
    return found, entry


def _case(prescription: Prescription, by: Actor) -> Case:
    """The case of the prescription, if ``by`` may judge it and nobody has."""
    found = queries.case(prescription.id)
    reviewers = queries.reviewers_of(prescription)
    permissions.check_appraiser(prescription, reviewers, by)
    if found.verdict:
        raise Judged
    return found


def _draft(found: Case, prescription: Prescription, opinion: Opinion) -> signing.Draft:
    person = prescription.patient.person
    assert person is not None, "only an identified patient has prescriptions"
    return signing.Draft(
        kind=law.KIND,
        subject=found.subject,
        patient=access.patient_tag(person),
        facts={
            "class": opinion.verdict.value,
            "problems": list(opinion.problems),
            "seed": bytes(found.sample.draw.seed).hex(),
        },
        commitment=bytes(prescription.record.commitment),
        line=access.line_of(person),
    )
