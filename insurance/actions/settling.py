"""
A payer pays pharmacies: settlements of claims, and transfers of settlements.

Two steps, because one entry holds no more than so many names: a settlement takes up to
``SETTLED_AT_ONCE`` approved claims, a remittance up to as many settlements, which one transfer of
the payer's bank pays under its reference. So a month of a million claims is one remittance, and
whoever replays the log still sees each claim taken once. A settlement's entry holds the digest of
its file (``insurance.filing``), so that the file is proven with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from hospital import errors, signing
from hospital.feeds import publishing
from hospital.models import Organisation
from hospital.roles import Actor
from insurance import filing, queries, queries_settling, turns
from insurance.actions import scheduling
from insurance.journal import post
from insurance.models import Claim, Remittance, Settlement
from ledger import chain
from ledger.entry import Statement

SETTLED_AT_ONCE: Final = 1_000
"""So many names of 46 bytes leave a quarter of an entry's 65,535 bytes to spare."""


class SeveralLines(errors.Invalid):
    """They are entered in several lines of logs; settle those of each line by themselves."""

    code = "settlement.several_lines"


class UnknownClaim(errors.Invalid):
    """Not an approved, unsettled claim of yours at this pharmacy."""

    code = "claim.unknown"


class UnknownSettlement(errors.Invalid):
    """Not a settlement of yours with this pharmacy that no remittance has paid."""

    code = "settlement.unknown"


class ReferenceUsed(errors.Conflict):
    """You have told this reference of another transfer."""

    code = "remittance.reference_used"


def draw_settlement(
    pharmacy: Organisation, claims: Sequence[int], *, by: Actor, key: str, at: datetime
) -> Statement:
    """The settlement to sign. Raises what ``settle`` raises."""
    draft, _ = _settlement(pharmacy, claims, by, lock=False)
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def settle(
    pharmacy: Organisation, claims: Sequence[int], signed: str, *, by: Actor, at: datetime
) -> tuple[Settlement, chain.Appended]:
    """
    Pay a pharmacy for approved claims, each of which is paid once.

    Raises:
        UnknownClaim: one of ``claims`` is not approved, not unsettled, or not of this pharmacy.
        SeveralLines: see there.
    """
    turns.in_turn(by)
    draft, found = _settlement(pharmacy, claims, by, lock=True)
    entry = signing.append(draft, signed, by=by, at=at)
    made = Settlement.objects.create(
        payer_id=by.organisation_id,
        pharmacy=pharmacy,
        total_fen=draft.facts["total_fen"],
        settled_at=at,
        subject=draft.subject,
        line=draft.line,
        claims_count=len(found),
        digest=bytes.fromhex(draft.facts["file"]),
    )
    Claim.objects.filter(id__in=[claim.id for claim in found]).update(settlement=made)
    scheduling.leave_batch(made.payer_id, pharmacy.id, [claim.id for claim in found])
    post.settled(made, at=at)
    _tell(made, entry, kind="insurance.settle", move="settle", state="settled")
    return made, entry


def draw_remittance(
    pharmacy: Organisation,
    settlements: Sequence[UUID],
    reference: str,
    *,
    by: Actor,
    key: str,
    at: datetime,
) -> Statement:
    """The remittance to sign. Raises what ``remit`` raises."""
    draft, _ = _remittance(pharmacy, settlements, reference, by)
    return signing.draw(draft, by=by, key=key, at=at)


@transaction.atomic(savepoint=False)
def remit(
    pharmacy: Organisation,
    settlements: Sequence[UUID],
    reference: str,
    signed: str,
    *,
    by: Actor,
    at: datetime,
) -> tuple[Remittance, chain.Appended]:
    """
    Tell by which transfer settlements were paid: once, and for good.

    Raises:
        UnknownSettlement: one is not the caller's with this pharmacy, or was remitted.
        ReferenceUsed, SeveralLines: see there.
    """
    turns.in_turn(by)
    draft, found = _remittance(pharmacy, settlements, reference, by)
    entry = signing.append(draft, signed, by=by, at=at)
    made = Remittance.objects.create(
        payer_id=by.organisation_id,
        pharmacy=pharmacy,
        total_fen=draft.facts["total_fen"],
        reference=reference,
        subject=draft.subject,
        at=at,
    )
    Settlement.objects.filter(id__in=[one.id for one in found]).update(remittance=made)
    _tell(made, entry, kind="insurance.remit", move="remit", state="paid")
    return made, entry


def taking(
    kind: str, family: str, named: Sequence[str], pharmacy: Organisation, by: Actor, **facts: Any
) -> signing.Draft:
    """
    A payer's entry that takes what others owe, here or the other way (``insurance.lawtaking``).

    It names them, so that whoever replays the log sees that each is taken once; its own name is a
    digest of ``named``, so that the same batch is the same subject.
    """
    batch = hashlib.sha256("\n".join([by.organisation, *named]).encode()).hexdigest()
    return signing.Draft(
        kind=kind,
        subject=f"{family}/{batch[:32]}",
        patient="",
        facts={"payer": by.organisation, "pharmacy": pharmacy.slug, **facts},
    )


def _settlement(
    pharmacy: Organisation, claims: Sequence[int], by: Actor, *, lock: bool
) -> tuple[signing.Draft, list[queries_settling.Owed]]:
    named = Claim.objects.filter(id__in=claims, payer_id=by.organisation_id)
    if lock:  # what is read afterwards is as it is then
        list(named.order_by("id").select_for_update().values_list("id"))
    owing = queries_settling.by_subject(named.filter(queries.to_settle()))
    found = [one for one in owing if one.pharmacy == pharmacy.slug]
    if len(found) != len(set(claims)):
        raise UnknownClaim(field="claims")
    names = [one.subject for one in found]
    again = [f"{one.subject} {one.number}" for one in found if one.number > 1]
    draft = taking(
        "insurance.settle",
        "settlement",
        [*names, *again],
        pharmacy,
        by,
        claims=names,
        total_fen=sum(one.paid_fen for one in found),
        file=filing.digest(map(filing.line, found)).hex(),
    )
    return _in_one_line(draft, {one.line for one in found}, "claims"), found


def _remittance(
    pharmacy: Organisation, settlements: Sequence[UUID], reference: str, by: Actor
) -> tuple[signing.Draft, list[Settlement]]:
    """No row is locked: remittances alone change settlements, and they come in the payer's turn."""
    mine = Settlement.objects.filter(payer_id=by.organisation_id, pharmacy=pharmacy)
    rows = mine.filter(id__in=settlements, remittance=None).exclude(subject="")
    found = list(rows.order_by("subject"))
    if len(found) != len(set(settlements)):
        raise UnknownSettlement(field="settlements")
    if Remittance.objects.filter(payer_id=by.organisation_id, reference=reference).exists():
        raise ReferenceUsed(field="reference")
    names = [one.subject for one in found]
    draft = taking(
        "insurance.remit",
        "remittance",
        names,
        pharmacy,
        by,
        settlements=names,
        total_fen=sum(one.total_fen for one in found),
        reference=reference,
    )
    return _in_one_line(draft, {one.line for one in found}, "settlements"), found


def _in_one_line(draft: signing.Draft, lines: set[str], field: str) -> signing.Draft:
    """An entry takes what is owed in its own log alone. Raises ``SeveralLines``."""
    if len(lines) != 1:
        raise SeveralLines(field=field, lines=sorted(lines))
    return replace(draft, line=lines.pop())


def _tell(made: Settlement | Remittance, entry: chain.Appended, **what: str) -> None:
    publishing.publish({made.pharmacy_id, made.payer_id}, entry, **what)
