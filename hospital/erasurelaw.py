"""What is lawful for erasures: a patient has the own data erased, once; data of the law."""

from __future__ import annotations

from hospital.law import Data, condition, move
from hospital.roles import Role

FAMILY = "erasure"
KIND = "erasure.request"


def families() -> dict[str, Data]:
    """``kept`` of the records stay for the regulator, the last of them until ``until``."""
    request = move(
        KIND,
        sources=["unknown"],
        target="erased",
        signers=[[Role.PATIENT.value]],
        facts={"erased": "fen", "kept": "fen", "until?": "moment"},
        conditions=[
            condition(
                "wrong_patient",
                "the patient whose records it erases signs",
                "equal",
                "signer.patient",
                "entry.patient",
            ),
        ],
    )
    return {
        FAMILY: {
            "names": "hex32",
            "named_by": "kind",
            "start": "unknown",
            "constant": ["patient"],
            "moves": {"request": request},
        }
    }
