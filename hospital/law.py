"""
What is lawful for keys, for looks at patient data, and for the log itself: data of the law.

The words of the law are explained in ``ledger.law`` and ``ledger.lawterms``; ``config.law`` puts
the parts of all apps together.
"""

from __future__ import annotations

from typing import Any

from hospital import keystate
from hospital.roles import SERVER_ROLES, Role

Data = dict[str, Any]
PEOPLE = [role.value for role in Role if role not in SERVER_ROLES]


def condition(rule: str, words: str, *check: Any) -> Data:
    """One condition: the code of its refusal without ``law.``, what it says, and the check."""
    return {"rule": rule, "words": words, "check": list(check)}


def is_(value: object) -> Data:
    """The term for a value itself."""
    return {"is": value}


def move(
    kind: str,
    *,
    sources: list[str],
    target: str,
    signers: list[list[str]],
    facts: Data,
    conditions: list[Data],
    keep: Data | None = None,
    forget: list[str] | None = None,
) -> Data:
    """One move of a family."""
    return {
        "kind": kind,
        "from": sources,
        "to": target,
        "signers": signers,
        "facts": facts,
        "conditions": conditions,
        "keep": keep or {},
        "forget": forget or [],
    }


def families(basis: Data, guests: Data) -> dict[str, Data]:
    """
    The families of subjects that this app makes entries about.

    ``basis``: what looks rest on; ``guests``: what guardians' keys in the wards' lines rest on.
    """
    views = _views(basis)
    return {"key": _keys(guests), "view": views, "log": _log(), "checkpoint": _checkpoints()}


NO_PATIENT = condition("wrong_patient", "it is about no patient", "equal", "entry.patient", is_(""))
_PATIENTS_ALONE = condition(
    "wrong_patient",
    "a patient's key has a patient's tag and no organisation, every other the reverse",
    "any",
    [
        "all",
        ["equal", "facts.role", is_(Role.PATIENT.value)],
        ["differ", "entry.patient", is_("")],
        ["equal", "facts.organisation", is_("")],
    ],
    [
        "all",
        ["differ", "facts.role", is_(Role.PATIENT.value)],
        ["equal", "entry.patient", is_("")],
        ["differ", "facts.organisation", is_("")],
    ],
)

_WAITS = condition(
    "too_soon",
    "a key that replaces others is a patient's and waits for 24 hours at least",
    "any",
    ["all", *(["lacks", "facts", is_(name)] for name in ("active_from", "replaces"))],
    [
        "all",
        ["has", "facts", is_("replaces")],
        ["equal", "facts.role", is_(Role.PATIENT.value)],
        [
            "not_before",
            "facts.active_from",
            {"later": ["entry.at", is_(int(keystate.LEAST_WAIT.total_seconds()))]},
        ],
    ],
)


def _keys(guests: Data) -> Data:
    """
    A key belongs to one account for ever; any key of that account may revoke it.

    A guardian's, entered in the ward's line of logs too, the registrar revokes there: other keys of
    the account need not be known in that line.
    """
    register = move(
        "key.register",
        sources=["unknown"],
        target="registered",
        signers=[["new"], ["registrar"]],
        facts={
            "vkey": "text",
            "role": "text",
            "organisation": "word",
            "owner": "text",
            "person": "text",
            "active_from?": "moment",
            "replaces?": "words",
            "guardianship?": "guardianship/hex32",
        },
        conditions=[
            condition(
                "wrong_subject",
                "the subject is the key that it registers",
                "equal",
                "entry.name",
                {"key_name": "facts.vkey"},
            ),
            condition(
                "wrong_role",
                "people and organisations' programs have one of these roles",
                "one_of",
                ["facts.role"],
                [[role] for role in PEOPLE],
            ),
            _PATIENTS_ALONE,
            _WAITS,
        ],
        keep={"guest_for": "facts.guardianship", "owner": "facts.owner", "vkey": "facts.vkey"},
    )
    register = {**register, "rests": guests}
    return _family("text", "unknown", ["patient"], register=register, revoke=_revoke())


def _revoke() -> Data:
    return move(
        "key.revoke",
        sources=["registered"],
        target="revoked",
        signers=[[*PEOPLE, "registrar"]],
        facts={"vkey": "text"},
        conditions=[
            condition(
                "wrong_owner",
                "who revokes owns the key; of a guardian's, in the ward's line, the registrar too",
                "any",
                ["equal", "signer.owner", "kept.owner"],
                [
                    "all",
                    ["equal", "signer.role", is_("registrar")],
                    ["has", "kept", is_("guest_for")],
                ],
            ),
            condition("wrong_subject", "it is this key", "equal", "facts.vkey", "kept.vkey"),
        ],
    )


def _views(basis: Data) -> Data:
    """A look, or a refused one, is one entry by the access service, with a subject of its own."""
    reader = {"reader": "text", "role": "text", "organisation": "word", "of": "word"}
    view = move(
        "record.view",
        sources=["unseen"],
        target="seen",
        signers=[["access"]],
        facts={**reader, "purpose": "text", "basis": "text", "records": "fen", "fields": "words"},
        conditions=[],
    )
    refuse = move(
        "record.refuse",
        sources=["unseen"],
        target="refused",
        signers=[["access"]],
        facts={**reader, "code": "text"},
        conditions=[NO_PATIENT],
    )
    return _family("hex32", "unseen", [], view={**view, "rests": basis}, refuse=refuse)


def _log() -> Data:
    """The log opens, and says which law and which policy hold from then on."""
    by_log: Data = {"target": "open", "signers": [["log"]], "conditions": []}
    service_keys = {"*": "text"}
    before = {"origin": "text", "root": "text", "size": "fen"}
    opening = {
        "service_keys": service_keys,
        "policy": "text",
        "law": "hex64",
        "predecessor?": before,
    }
    freeze = {**by_log, "target": "frozen"}
    return _family(
        "none",
        "unopened",
        [],
        open=move("log.open", sources=["unopened"], facts=opening, **by_log),
        law=move("log.law", sources=["open"], facts={"law": "hex64"}, **by_log),
        policy=move("log.policy", sources=["open"], facts={"policy": "text"}, **by_log),
        freeze=move("log.freeze", sources=["open"], facts={"successor": "text"}, **freeze),
    )


def _checkpoints() -> Data:
    """The national log holds checkpoints of other logs, each larger than the one before."""
    grows = condition(
        "wrong_size",
        "the tree has grown",
        "any",
        ["equal", "state", is_("unknown")],
        ["less", "kept.size", "facts.size"],
    )
    checkpoint = move(
        "log.checkpoint",
        sources=["unknown", "known"],
        target="known",
        signers=[["log"]],
        facts={"root": "text", "size": "count"},
        conditions=[grows, NO_PATIENT],
        keep={"size": "facts.size"},
    )
    return _family("text", "unknown", [], checkpoint=checkpoint)


def _family(names: str, start: str, constant: list[str], **moves: Data) -> Data:
    return {
        "names": names,
        "named_by": "kind",
        "start": start,
        "constant": constant,
        "moves": moves,
    }
