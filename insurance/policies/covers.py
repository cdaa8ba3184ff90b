"""
Which policies cover a patient at a moment, in the order in which they pay, and what they have used.

The social fund comes first, as the law has it, then the commercial payers by their policies' rank.
Of one payer one policy pays, the first by its rank.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from hospital import calendar
from hospital.roles import OrganisationKind
from insurance.policies.models import Edition, Insured, Policy
from insurance.policies.reckon import Counts, Limits, Used
from insurance.policies.shares import PolicyUse
from insurance.policies.terms import Medicine, Terms

A_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Payer:
    """An organisation that pays."""

    id: int
    slug: str
    kind: str

    @property
    def is_fund(self) -> bool:
        return self.kind == OrganisationKind.SOCIAL_FUND


@dataclass(frozen=True, slots=True)
class Cover:
    """
    By which figures a payer pays, and what its policy's year has used before. ``at_payment``: the
    code of the city where it pays together with the patient; empty: by a claim.
    """

    payer: Payer
    policy: UUID | None
    limits: Limits
    used: Used
    at_payment: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """A policy in force: its cover, its terms, and why it pays nothing at all, if so."""

    cover: Cover
    terms: Terms
    barred: str = ""

    def counts(self, medicine: Medicine) -> Counts:
        """How much of a line of this medicine counts."""
        return Counts(0, self.barred) if self.barred else self.terms.counts(medicine)


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy in force as the database says it, before anybody looks at diagnoses."""

    policy: UUID
    payer: Payer
    rank: int
    edition: int
    terms: Terms
    since: datetime
    began: datetime

    def said(self) -> dict[str, Any]:
        """As ``rows`` has it, without the terms, which the edition has."""
        return {
            "policy": str(self.policy),
            "payer": self.payer.id,
            "slug": self.payer.slug,
            "kind": self.payer.kind,
            "rank": self.rank,
            "edition": self.edition,
            "since": self.since.isoformat(),
            "began": self.began.isoformat(),
        }

    def promise(self, uses: Sequence[Mapping[str, Any]], on: date, ill: Collection[str]) -> Promise:
        """What it promises on a legal day to who has these diagnoses."""
        start = self.terms.year_began(on, calendar.legal_day(self.began))
        used = _used(self.policy, uses, start, on)
        barred = self.terms.barred(calendar.legal_day(self.since), on, ill)
        cover = Cover(self.payer, self.policy, self.terms.limits, used, self.terms.at_payment)
        return Promise(cover, self.terms, barred)


def in_force(at: datetime) -> Q:
    """Editions that are in force at a moment."""
    return Q(valid_from__lte=at) & (Q(valid_until__isnull=True) | Q(valid_until__gt=at))


def rows(patient: UUID | OuterRef, *, at: datetime) -> QuerySet[Any, Any]:
    """The policies in force for a patient, each as the JSON that ``in_order`` reads."""
    editions = Edition.objects.filter(in_force(at), product=OuterRef("policy__product"))
    editions = editions.order_by("-number")
    insured = Insured.objects.filter(
        patient=patient, since__lte=at, policy__valid_from__lte=at, policy__valid_until__gt=at
    ).annotate(
        edition=Subquery(editions.values("id")[:1]), terms=Subquery(editions.values("terms")[:1])
    )
    return insured.filter(terms__isnull=False).values(
        said=JSONObject(
            policy="policy_id",
            payer="policy__payer_id",
            slug="policy__payer__slug",
            kind="policy__payer__kind",
            rank="policy__rank",
            edition="edition",
            terms="terms",
            since="since",
            began="policy__valid_from",
        )
    )


def use_rows(patient: UUID | OuterRef, theirs: Q, *, at: datetime) -> QuerySet[Any, Any]:
    """What these policies have used within a year, as JSON; what of it is the patient's own."""
    since = calendar.legal_day(at) - A_YEAR
    found = PolicyUse.objects.filter(theirs, day__gt=since)
    return found.values(
        said=JSONObject(
            policy="policy_id",
            mine=Q(patient=patient),
            day="day",
            deductible="deductible_fen",
            counted="counted_fen",
            paid="paid_fen",
        )
    )


def in_order(said: Iterable[Mapping[str, Any]]) -> list[InForce]:
    """
    The policies of ``rows`` in the order in which they pay, one of each payer.

    An order at WeChat Pay is of one fund, so of several only the first can pay with the patient.
    """
    found: dict[int, InForce] = {}
    fund = OrganisationKind.SOCIAL_FUND
    for one in sorted(said, key=lambda one: (one["kind"] != fund, one["rank"], one["slug"])):
        found.setdefault(
            one["payer"],
            InForce(
                policy=UUID(one["policy"]),
                payer=Payer(one["payer"], one["slug"], one["kind"]),
                rank=one["rank"],
                edition=one["edition"],
                terms=Terms.read(one["terms"]),
                since=datetime.fromisoformat(one["since"]),
                began=datetime.fromisoformat(one["began"]),
            ),
        )
    first, *others = found.values() or [None]
    by_claim = (replace(one, terms=replace(one.terms, at_payment="")) for one in others if one)
    return [first, *by_claim] if first else []


def lock(policies: Collection[UUID]) -> None:
    """
    From here to the end of the transaction nobody else reserves of these policies' years.

    Whoever holds a prescription's row takes this after it.
    """
    rows = Policy.objects.select_for_update(no_key=True).filter(id__in=policies)
    list(rows.order_by("id").values_list("id"))


def _used(policy: UUID, uses: Sequence[Mapping[str, Any]], start: date, on: date) -> Used:
    ours = [(date.fromisoformat(one["day"]), one) for one in uses if one["policy"] == str(policy)]
    year = [(day, one) for day, one in ours if day >= start]
    mine = [(day, one) for day, one in year if one["mine"]]
    return Used(
        deductible=sum(one["deductible"] for _, one in mine),
        counted=sum(one["counted"] for _, one in mine),
        day=sum(one["paid"] for day, one in mine if day == on),
        year=sum(one["paid"] for _, one in mine),
        family=sum(one["paid"] for _, one in year),
        family_deductible=sum(one["deductible"] for _, one in year),
    )
