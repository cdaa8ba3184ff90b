"""Offers and opt-ins stand where their entries say, and what was used is what is owed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Count, Sum

from hospital import consents, sharing
from insurance.models import Transfer
from ledger.entry import Statement
from prescriptions.sharing.models import Offer, OptIn, Use

WAYS = {move.kind: (move.source, move.target) for move in sharing.MOVES}


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """
    Each has gone a lawful way to the state of its row; none has entries without a row.

    The opt-ins of who has left ended with the account, without an entry.
    """
    offers = Offer.objects.annotate(paid=Sum("deliveries__cost_fen"))
    opt_ins = OptIn.objects.select_related("patient").annotate(times=Count("uses"))
    stands = {one.subject: one.state for one in offers}
    stands |= {one.subject: one.state for one in opt_ins if one.patient.left_at is None}
    left = {one.subject for one in opt_ins if one.patient.left_at is not None}
    families = tuple({f"{move.family}/" for move in sharing.MOVES})
    for subject in {one for one in ways if one.startswith(families)} - stands.keys() - left:
        yield f"{subject} has entries and no row"
    for subject, stored in stands.items():
        state = consents.NEW
        for statement in ways.get(subject, ()):
            source, target = WAYS[statement.kind]
            if state != source:
                yield f"{subject}: {statement.kind} from {state}"
            state = target
        if stored != state:
            yield f"{subject} is {stored}, its last entry says {state}"
    yield from _books(list(offers), list(opt_ins))


def _books(offers: list[Offer], opt_ins: list[OptIn]) -> Iterator[str]:
    for offer in offers:
        used = Use.objects.filter(delivery__offer=offer).aggregate(fen=Sum("reward_fen"))["fen"]
        if not offer.spent_fen == (used or 0) == (offer.paid or 0):  # type: ignore[attr-defined]
            yield f"{offer.subject} has spent {offer.spent_fen}, and {used} is owed"
    for one in opt_ins:
        if one.used != one.times:  # type: ignore[attr-defined]
            yield f"{one.subject} was used {one.times} times and says {one.used}"  # type: ignore[attr-defined]
    for use in Use.objects.filter(due_at__isnull=True).exclude(
        transfers__state__in=set(Transfer.State) - {Transfer.State.FAILED}
    ):
        yield f"use {use.id} is neither due nor paid"
