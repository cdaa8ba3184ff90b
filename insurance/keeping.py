"""
What a bill comes to for what is given out, or kept, of it. Pure: no Django, no clock.

It is reckoned again as if only that had been bought, at the bill's own prices and figures. That may
move the deductible, or a tier, to a line of which another payer pays more. But nobody pays more for
less: everybody pays at most what he paid before, and what is missing then the payers pay, in their
order, up to what they paid before. Where policies have neither deductible nor tiers nothing is
moved, and then it does not matter in which order things come back (a property test).

Source: docs/decisions/0050-returns-and-recalls.md, 0053-policies.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from insurance.policies.reckon import Reckoned, Share, Split, Step, Used

AS_BEFORE = "as_before"


def at_most(reckoned: Reckoned, fens: Sequence[int], patient_fen: int) -> Reckoned:
    """
    ``reckoned`` with nobody above what the payers (``fens``, in order) and the patient paid before.

    Together they paid at least ``reckoned.total_fen``.
    """
    before = [*fens, patient_fen]
    room = [a - b for a, b in zip(before, [*reckoned.fens, reckoned.patient_fen], strict=True)]
    if min(room) >= 0:
        return reckoned
    rows = [[*(share.fen for share in one.shares), one.patient_fen] for one in reckoned.lines]
    for giver in (number for number, fen in enumerate(room) if fen < 0):
        for taker in (number for number, fen in enumerate(room) if fen > 0):
            for row in rows:
                fen = min(row[giver], -room[giver], room[taker])
                row[giver], row[taker] = row[giver] - fen, row[taker] + fen
                room[giver], room[taker] = room[giver] + fen, room[taker] - fen
    lines = tuple(_moved(one, row) for one, row in zip(reckoned.lines, rows, strict=True))
    return Reckoned(lines, _uses(reckoned, lines))


def _moved(one: Split, row: Sequence[int]) -> Split:
    pairs = zip(one.shares, row, strict=False)
    return replace(one, shares=tuple(_as_before(share, fen) for share, fen in pairs))


def _as_before(share: Share, fen: int) -> Share:
    if fen == share.fen:
        return share
    return Share(fen, (*share.steps, Step(AS_BEFORE, share.fen - fen)))


def _uses(reckoned: Reckoned, lines: tuple[Split, ...]) -> tuple[Used, ...]:
    paid = Reckoned(lines, reckoned.uses).fens
    return tuple(
        replace(use, day=fen, year=fen, family=fen)
        for use, fen in zip(reckoned.uses, paid, strict=True)
    )
