"""
The law that validators enforce: put together from the table of moves and what each app states.

``document`` is the file that the log names and publishes; ``docs/law.json`` holds the same bytes.
"""

from __future__ import annotations

import functools

from hospital import consentlaw as of_consents
from hospital import erasurelaw as of_erasures
from hospital import guardianlaw as of_guardians
from hospital import law as of_hospital
from hospital import readingkeylaw as of_reading_keys
from hospital import sharinglaw as of_sharing
from hospital.consultations import law as of_consultations
from hospital.corrections import law as of_corrections
from hospital.law import Data
from insurance import law as of_insurance
from insurance import lawreturns as of_returns
from insurance import lawtaking as of_taking
from ledger import entry, law
from pharmacy import law as of_pharmacy
from pharmacy import lawrecalls as of_recalls
from prescriptions import law as of_prescriptions
from prescriptions import lawcontrolled as of_registers
from prescriptions import lawremainders as of_remainders
from prescriptions import lifecycle
from prescriptions import uploadlaw as of_uploads
from prescriptions.appraisal import law as of_appraisal
from prescriptions.law import Clause
from prescriptions.lifecycle import Move
from prescriptions.models import Status

SKEW_S = 120
"""
How far two clocks may differ. ``signing.AHEAD`` admits a web server's clock 60 s ahead of another;
two of them, one ahead and one behind, are 120 s apart.
"""
LATE_S = 900
"""
How far an entry's ``at`` may lie behind the latest: ``signing.FRESH`` lets ten minutes pass between
drawing and signing, ``SKEW_S`` between the clocks; three minutes are left for the commit.
"""


@functools.cache
def document() -> bytes:
    """The law's file: canonical JSON."""
    return entry.canonical(content())


@functools.cache
def digest() -> str:
    """How ``log.open`` and ``log.law`` name the law: SHA-256 of the file, in hex."""
    return law.digest(document())


def content() -> Data:
    """What the file says, families and moves in the order in which they happen."""
    return {
        "format": law.FORMAT,
        "times": {"skew_s": SKEW_S, "late_s": LATE_S},
        "families": {
            "rx": _prescriptions(),
            **of_appraisal.families(),
            **of_consultations.families(),
            **of_hospital.families(of_consents.resting(), of_guardians.key_of_guardian()),
            **of_consents.families(),
            **of_corrections.families(),
            **of_erasures.families(),
            **of_guardians.families(),
            **of_taking.families(),
            **of_reading_keys.families(),
            **of_recalls.families(),
            **of_registers.families(),
            **of_sharing.families(),
        },
    }


def _prescriptions() -> Data:
    clauses = {
        **of_prescriptions.clauses(),
        **of_uploads.clauses(),
        **of_pharmacy.clauses(),
        **of_insurance.clauses(),
        **of_remainders.clauses(),
        **of_returns.clauses(),
    }
    return {
        "names": "hex32",
        "named_by": "move",
        "start": Status.DRAFT.value,
        "constant": ["patient"],
        "moves": {move.name: _move(move, clauses[move.name]) for move in lifecycle.MOVES},
    }


def _move(move: Move, clause: Clause) -> Data:
    stated = of_hospital.move(
        move.kind,
        sources=[source.value for source in move.sources],
        target=move.target.value if move.target else law.STAYS,
        signers=[[role.value for role in move.by]],
        facts=clause.facts,
        conditions=of_prescriptions.in_general(move) + clause.conditions,
        keep=clause.keep,
        forget=clause.forget,
    )
    others = {"rests": clause.rests, "takes": clause.takes}
    return {**stated, **{name: data for name, data in others.items() if data}}
