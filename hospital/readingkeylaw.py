"""
What is lawful for reading keys, by which organisations have their answers sealed: data of the law.

``readingkey/<organisation>`` is one chain, so at most one key is in force and everybody sees which.
Somebody of the organisation proposes a key, or that there be none, and another person there signs
too; revoking takes one. The private key is nowhere in the network.
"""

from __future__ import annotations

from dataclasses import dataclass

from hospital.law import NO_PATIENT, Data, condition, is_, move
from hospital.roles import EMPLOYERS, Role
from ledger.law import STAYS

FAMILY = "readingkey"
NEW, SEALED, REVOKED, CLEAR = "unknown", "sealed", "revoked", "clear"
"""What answers to the organisation's staff are: in clear so far, sealed, refused, clear again."""
ROLES = tuple(sorted(set(EMPLOYERS) - {Role.AGENT, Role.SYSTEM}))
"""Who signs: people, for two programs are no four eyes."""
NO_KEY = ""
"""What is proposed in a key's place when answers are to be clear again."""


@dataclass(frozen=True, slots=True)
class Move:
    """An entry ``kind`` takes an organisation from one of ``sources`` to ``target``."""

    kind: str
    sources: tuple[str, ...]
    target: str


# fmt: off
PROPOSE  = Move("readingkey.propose",  (NEW, SEALED, REVOKED, CLEAR), STAYS)
REGISTER = Move("readingkey.register", (NEW, SEALED, REVOKED, CLEAR), SEALED)
LIFT     = Move("readingkey.lift",     (SEALED, REVOKED),             CLEAR)
REVOKE   = Move("readingkey.revoke",   (SEALED,),                     REVOKED)
# fmt: on

MOVES = (PROPOSE, REGISTER, LIFT, REVOKE)
_PROPOSAL = ["proposed", "proposer"]
_OWN = condition(
    "wrong_owner",
    "somebody of the organisation signs",
    "equal",
    "signer.organisation",
    "entry.name",
)
_FOUR_EYES = condition(
    "four_eyes",
    "who signs is not the person who proposed it",
    "differ",
    "signer.person",
    "kept.proposer",
)


def families() -> dict[str, Data]:
    """The family of reading keys."""
    propose = _of(
        PROPOSE,
        {"public_key": "word"},
        keep={"proposed": "facts.public_key", "proposer": "signer.person"},
    )
    register = _of(
        REGISTER,
        {"public_key": "text"},
        _FOUR_EYES,
        condition(
            "wrong_key", "it is the key that was proposed", "equal", "facts.public_key",
            "kept.proposed",
        ),
        keep={"public_key": "facts.public_key"},
        forget=_PROPOSAL,
    )  # fmt: skip
    lift = _of(
        LIFT,
        {},
        _FOUR_EYES,
        condition(
            "wrong_key", "it was proposed that there be none", "equal", "kept.proposed",
            is_(NO_KEY),
        ),
        forget=["public_key", *_PROPOSAL],
    )  # fmt: skip
    revoke = _of(REVOKE, {}, forget=["public_key"])
    moves = {"propose": propose, "register": register, "lift": lift, "revoke": revoke}
    return {
        FAMILY: {
            "names": "text",
            "named_by": "kind",
            "start": NEW,
            "constant": [],
            "moves": moves,
        }
    }


def _of(one: Move, facts: Data, *conditions: Data, **remembers: object) -> Data:
    return move(
        one.kind,
        sources=list(one.sources),
        target=one.target,
        signers=[[role.value for role in ROLES]],
        facts=facts,
        conditions=[NO_PATIENT, _OWN, *conditions],
        **remembers,  # type: ignore[arg-type]
    )
