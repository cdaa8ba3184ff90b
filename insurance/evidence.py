"""
Judging a claim from signed events alone: pure, offline, no trust in the server.

``Evidence`` is what a payer fetched: the entries of one prescription and of the keys that signed
them, each with its receipt. ``checked`` verifies all of it by the consortium's policy;
``rule`` says what the payer makes of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger import note, receipt
from ledger.entry import Statement, leaf_hash
from ledger.policy import Policy

NEEDED = (
    "prescription.issue",
    "prescription.review",
    "prescription.authorize",
    "insurance.pay",
    "pharmacy.dispense",
    "pharmacy.deliver",
)


class BadEvidence(ValueError):
    """The evidence does not prove what it should; the message says where."""


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry (a whole signed note) and its receipt."""

    entry: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """``events`` in order; ``keys`` maps a key's name to its registration (and revocation)."""

    events: Sequence[Proven]
    opening: Proven
    keys: Mapping[str, Sequence[Proven]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``decision`` approve, part or refuse; ``approved_fen``; ``reason`` none if approved."""

    decision: str
    approved_fen: int
    reason: str


@dataclass(frozen=True, slots=True)
class Log:
    """By what its checkpoints are judged, and the key that opened it."""

    policy: Policy
    key: note.Verifier


def checked(evidence: Evidence, policy: Policy) -> list[Statement]:
    """
    The statements of the events, after everything about them was verified.

    Raises:
        BadEvidence: a receipt, a signature, a key or the chain does not hold.
    """
    log = Log(policy, _entry_key(policy))
    services = _service_keys(evidence.opening, log)
    statements, leaf = [], b""
    for number, event in enumerate(evidence.events, 1):
        statement = _included(event, log)
        if (statement.version, statement.prev) != (number, leaf):
            raise BadEvidence(f"event {number} does not follow its predecessor")
        key = services.get(statement.by) or _registered(evidence, statement.by, log, services)
        _signed_by(event.entry, key)
        statements.append(statement)
        leaf = leaf_hash(event.entry)
    if len({(one.subject, one.patient) for one in statements}) != 1:
        raise BadEvidence("the events are about different things")
    return statements


def rule(statements: Sequence[Statement], payer: str, *, ceiling_fen: int) -> Verdict:
    """
    What ``payer`` decides: its authorized share, up to ``ceiling_fen`` for one claim, provided
    that all steps were taken after the last change and exactly what was prescribed was dispensed.
    """
    last = {statement.kind: statement for statement in statements}
    if any(kind not in last for kind in NEEDED):
        return Verdict("refuse", 0, "evidence_missing")
    prescribed = last.get("prescription.change", last["prescription.issue"])
    steps = [prescribed, *(last[kind] for kind in NEEDED[1:])]
    if any(before.version >= after.version for before, after in itertools.pairwise(steps)):
        return Verdict("refuse", 0, "evidence_missing")
    if last["pharmacy.dispense"].facts["lines"] != prescribed.facts["lines"]:
        return Verdict("refuse", 0, "quantity_differs")
    share = last["prescription.authorize"].facts["bill"]["payers"].get(payer, 0)
    if share <= 0:
        return Verdict("refuse", 0, "not_covered")
    if share > ceiling_fen:
        return Verdict("part" if ceiling_fen else "refuse", ceiling_fen, "above_ceiling")
    return Verdict("approve", share, "none")


def _entry_key(policy: Policy) -> note.Verifier:
    for log in policy.logs:
        if isinstance(log.verifier, note.Verifier):
            return log.verifier
    raise BadEvidence("the policy names no Ed25519 key of a log")


def _included(proven: Proven, log: Log) -> Statement:
    try:
        receipt.verify(proven.receipt, proven.entry, log.policy)
        statement = Statement.parse(note.parse(proven.entry).text)
    except ValueError as fault:
        raise BadEvidence(f"an entry is not proven: {fault}") from fault
    if statement.log != log.key.name:
        raise BadEvidence("an entry is of another log")
    return statement


def _service_keys(opening: Proven, log: Log) -> dict[str, note.Verifier]:
    statement = _included(opening, log)
    if statement.kind != "log.open":
        raise BadEvidence("entry 0 does not open the log")
    _signed_by(opening.entry, log.key)
    keys = [note.Verifier.from_vkey(vkey) for vkey in statement.facts["service_keys"].values()]
    return {key.name: key for key in keys}


def _registered(
    evidence: Evidence, name: str, log: Log, services: Mapping[str, note.Verifier]
) -> note.Verifier:
    """The key of this name: it registered itself and the registrar vouched; never revoked."""
    found = evidence.keys.get(name, ())
    if not found:
        raise BadEvidence(f"{name} is no registered key")
    statements = [_included(one, log) for one in found]
    if [one.kind for one in statements] != ["key.register"]:
        raise BadEvidence(f"{name} was revoked")
    if statements[0].subject != f"key/{name}":
        raise BadEvidence(f"the registration is not {name}'s")
    key = note.Verifier.from_vkey(statements[0].facts["vkey"])
    if key.name != name:
        raise BadEvidence(f"the registration is not {name}'s")
    _signed_by(found[0].entry, key)
    _signed_by(found[0].entry, services[f"{log.key.name}/registrar"])
    return key


def _signed_by(entry: bytes, key: note.Verifier) -> None:
    try:
        names = note.verified_by(note.parse(entry), [key])
    except ValueError as fault:
        raise BadEvidence(f"a signature of {key.name} does not hold") from fault
    if key.name not in names:
        raise BadEvidence(f"{key.name} did not sign")
