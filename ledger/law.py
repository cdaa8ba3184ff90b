"""
The law of a log: which moves its subjects may make. A data file, and the engine that obeys it.

The file is canonical JSON: ``format``; ``times`` (``skew_s``: how far clocks may differ,
``late_s``: how far an entry may lag behind the latest ``at``); and ``families``, one for what
stands before the first slash of a subject. A family says how its subjects are named (``names``),
what never changes in their entries (``constant``), the state that they start in, and its moves:

    kind, from, to      the entry's kind, the states it may find, the state it leads to
                        ("" if it stays)
    signers             for each signature, the roles whose key may have made it; ``new`` is the
                        key that the entry registers; the first is ``by``
    facts               name → type, complete: an unknown or missing fact breaks the law; a name
                        that ends in ``?`` may be missing; ``*`` stands for any name
    conditions          rule, words, check: what must hold besides
    keep, forget        what the subject remembers for later moves
    takes, rests        what other subjects owe, and owe no more afterwards; what they must grant
                        (``lawothers``)

Where ``named_by`` is ``move``, the facts name the move and its states (``move``, ``from``, ``to``);
otherwise the kind does. Checks and terms are lists and objects over paths like ``facts.pharmacy``,
``kept.pharmacy``, ``signer.organisation``, ``entry.at``: see ``lawterms``. A term that is missing
satisfies no check. Types of facts: ``lawtypes``. The engine knows no prescription and no role.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ledger import entry, lawothers, lawterms, lawtypes
from ledger.lawothers import Condition, Others, Resting, Standing, Taking
from ledger.lawterms import Scope, Term, Unlawful
from ledger.lawtypes import BadLaw

FORMAT = "smart-hospital/law/v1"
MAX_BYTES = 1 << 20
STAYS = ""  # where a move leads that changes no state
NEW_KEY = "new"
"""The role of a key in the entry that registers it."""

Holder = Mapping[str, str]
"""Whose key it is: name, role, organisation, owner, person, patient; empty where it has none."""

__all__ = ["BadLaw", "Holder", "Law", "Ruling", "Standing", "Unlawful", "digest", "parse"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a lawful entry changes: the standing of its subject, and of others it takes from."""

    standing: Standing
    others: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class _Move:
    name: str
    kind: str
    sources: frozenset[str]
    target: str
    signers: tuple[frozenset[str], ...]
    has_facts: Callable[[Any], bool]
    conditions: tuple[Condition, ...]
    keep: tuple[tuple[str, Term], ...]
    forget: frozenset[str]
    taking: Taking | None
    resting: Resting | None


@dataclass(frozen=True, slots=True)
class _Family:
    start: str
    constant: tuple[str, ...]
    is_name: Callable[[Any], bool]
    by_facts: bool
    moves: Mapping[str, _Move]


class Law:
    """A law, ready to judge by. ``skew`` and ``late`` are its times; the replay obeys them."""

    def __init__(self, content: Mapping[str, Any], digest: str) -> None:
        self.digest = digest
        self.skew = timedelta(seconds=content["times"]["skew_s"])
        self.late = timedelta(seconds=content["times"]["late_s"])
        self._families = {
            prefix: _family(family, self.skew) for prefix, family in content["families"].items()
        }

    def judge(
        self,
        statement: entry.Statement,
        before: Standing | None,
        signers: Sequence[Holder],
        others: Others,
    ) -> Ruling:
        """
        Say where the statement's subject stands afterwards.

        ``before`` is where it stood, None if this is its first entry; ``signers`` hold the keys
        that signed, in the note's order; ``others`` gives the standing of any subject.

        Raises:
            Unlawful: with the first rule that it breaks.
        """
        try:
            return self._judged(statement, before, signers, others)
        except Unlawful:
            raise
        except lawterms.UNFIT as error:
            raise Unlawful("unfit", "the law cannot be applied to this entry") from error

    def _judged(
        self,
        statement: entry.Statement,
        before: Standing | None,
        signers: Sequence[Holder],
        others: Others,
    ) -> Ruling:
        prefix, _, name = statement.subject.partition("/")
        family = self._families.get(prefix)
        if family is None or not family.is_name(name):
            raise Unlawful("unknown_subject", f"the law knows no subject like {statement.subject}")
        constant = tuple(str(lawterms.of_entry(statement, field)) for field in family.constant)
        standing = before or Standing(family.start, constant, {})
        move = _find(family, statement, standing.state)
        if standing.constant != constant:
            changed = _first_difference(family.constant, standing.constant, constant)
            raise Unlawful(f"{changed}_changed", f"{move.name}: {changed} is not the subject's")
        _check_signers(move, statement, signers)
        if not move.has_facts(statement.facts):
            raise Unlawful("facts", f"{move.name}: facts are missing, unknown or of a wrong type")
        scope = Scope(statement, standing.state, standing.kept, signers[0])
        lawothers.check(move.name, move.conditions, scope)
        if move.resting:
            lawothers.check_basis(move.name, move.resting, scope, others)
        taken = lawothers.collect(move.name, move.taking, scope, others) if move.taking else {}
        return Ruling(Standing(move.target or standing.state, constant, _kept(move, scope)), taken)


def parse(data: bytes) -> Law:
    """
    Read a law.

    Raises:
        BadLaw: not canonical JSON, another format, or a term or check that the engine lacks.
    """
    if len(data) > MAX_BYTES:
        raise BadLaw("the law is too long")
    try:
        content = json.loads(data.decode())
        if entry.canonical(content) != data:
            raise BadLaw("the law is not canonical JSON")
        if set(content) != {"format", "times", "families"} or content["format"] != FORMAT:
            raise BadLaw("not a law of this format")
        return Law(content, digest(data))
    except lawterms.UNFIT as error:
        raise error if isinstance(error, BadLaw) else BadLaw(f"not a law: {error!r}") from error


def digest(data: bytes) -> str:
    """SHA-256 of the file, in hex: how entries name a law."""
    return hashlib.sha256(data).hexdigest()


def _family(data: Mapping[str, Any], skew: timedelta) -> _Family:
    by_facts = data.get("named_by") == "move"
    moves = {name: _move(name, move, by_facts, skew) for name, move in data["moves"].items()}
    if not by_facts:
        moves = {move.kind: move for move in moves.values()}
    if len(moves) != len(data["moves"]):
        raise BadLaw("two moves of one kind, and nothing to tell them apart by")
    unknown = set(data["constant"]) - {"patient", "commitment"}
    if unknown:
        raise BadLaw(f"not a part of an entry that can be constant: {sorted(unknown)}")
    is_name = lawtypes.type_of(data["names"])
    return _Family(data["start"], tuple(data["constant"]), is_name, by_facts, moves)


def _move(name: str, data: Mapping[str, Any], by_facts: bool, skew: timedelta) -> _Move:
    named = {"move": "text", "from": "text", "to": "text"} if by_facts else {}
    takes, rests = data.get("takes"), data.get("rests")
    return _Move(
        name=name,
        kind=data["kind"],
        sources=frozenset(data["from"]),
        target=data["to"],
        signers=tuple(frozenset(roles) for roles in data["signers"]),
        has_facts=lawtypes.type_of({**named, **data["facts"]}),
        conditions=lawothers.conditions(data["conditions"], skew),
        keep=tuple((name, lawterms.term(value)) for name, value in data["keep"].items()),
        forget=frozenset(data["forget"]),
        taking=lawothers.taking(takes, skew) if takes else None,
        resting=lawothers.resting(rests, skew) if rests else None,
    )


def _find(family: _Family, statement: entry.Statement, state: str) -> _Move:
    facts = statement.facts
    name = facts.get("move") if family.by_facts else statement.kind
    move = family.moves.get(name) if isinstance(name, str) else None
    if move is None:
        raise Unlawful("unknown_move", f"the law knows no such move: {name!r}")
    if move.kind != statement.kind:
        raise Unlawful("wrong_kind", f"{move.name} is no entry of kind {statement.kind}")
    if state not in move.sources:
        raise Unlawful("wrong_state", f"{move.name} is not lawful in the state {state}")
    to = move.target or state
    if family.by_facts and (facts.get("from"), facts.get("to")) != (state, to):
        raise Unlawful("wrong_state", f"{move.name} leads from {state} to {to}")
    return move


def _first_difference(names: Sequence[str], left: Sequence[str], right: Sequence[str]) -> str:
    return next(name for name, a, b in zip(names, left, right, strict=True) if a != b)


def _check_signers(move: _Move, statement: entry.Statement, signers: Sequence[Holder]) -> None:
    if len(signers) != len(move.signers):
        raise Unlawful("signatures", f"{move.name} has {len(move.signers)} signatures")
    if signers[0]["name"] != statement.by:
        raise Unlawful("signatures", f"{move.name}: the first signature is by who acts")
    for holder, roles in zip(signers, move.signers, strict=True):
        if holder["role"] not in roles:
            lawful = " or ".join(sorted(roles))
            raise Unlawful("wrong_role", f"{move.name} is signed by {lawful}, not {holder['role']}")


def _kept(move: _Move, scope: Scope) -> Mapping[str, Any]:
    if not move.keep and not move.forget:
        return scope.kept
    kept = {name: value for name, value in scope.kept.items() if name not in move.forget}
    found = ((name, value(scope)) for name, value in move.keep)
    kept.update((name, value) for name, value in found if value is not None)
    return kept
