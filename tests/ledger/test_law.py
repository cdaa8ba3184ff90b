"""
The law as published, and each of its rules broken once by an entry that is right in all else.

The replay is given nothing but entries, as whoever reads the tiles has them.
"""

import copy
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config import law as published
from hospital import signing
from hospital.consultations import lifecycle as consultations
from hospital.roles import Role
from hospital.units import stamp
from ledger import entry, law
from ledger.entry import leaf_hash
from ledger.memory import Memory, Subject
from ledger.replay import Broken, Replay
from prescriptions import lifecycle
from tests.ledger import (
    cheats_of_appraisals,
    cheats_of_controlled,
    cheats_of_double_checks,
    cheats_of_offline,
    cheats_of_parts,
    cheats_of_payments,
    cheats_of_registers,
    cheats_of_series,
    cheats_of_uploads,
    consulting,
)
from tests.ledger.cheating import Cheat
from tests.ledger.cheats import CHEATS
from tests.ledger.lawful import COLLECTED, COURIERED, END, LATEST, LOG, RX, Book, facts_of, laws

LATER_GRANT = {"grant": {**facts_of("authorize")["grant"], "until": stamp(LATEST)}}
DOCUMENT = json.loads(published.document())
BUILT_IN = {
    "unknown_subject",
    "unknown_move",
    "wrong_kind",
    "wrong_state",
    "wrong_role",
    "signatures",
    "facts",
    "patient_changed",
    "nothing_owed",
    "wrong_amount",
    "back_dated",
    "before_key",
}


def every_condition(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """With the name of its move."""
    for family in content["families"].values():
        for name, move in family["moves"].items():
            for place in (move, move.get("takes", {}), move.get("rests", {})):
                yield from ((name, condition) for condition in place.get("conditions", []))


@pytest.mark.parametrize("cheat", CHEATS)
def test_an_unlawful_entry_is_refused_by_its_rule(cheat):
    """L1, R7, R8, K1, K8, C1: nothing before it is refused, and it is by that rule."""
    rule, write = CHEATS[cheat]
    book = Book()
    write(book)
    assert book.broken() == (len(book.entries) - 1, f"law.{rule}")


def test_every_rule_of_the_law_is_broken_by_a_cheat():
    rules = BUILT_IN | {condition["rule"] for _, condition in every_condition(DOCUMENT)}
    assert rules == {rule for rule, _ in CHEATS.values()}


def laws_that_lack_a_condition() -> Iterator[tuple[str, dict[str, Any], law.Law]]:
    content = json.loads(published.document())
    for move, condition in every_condition(content):
        check, condition["check"] = condition["check"], ["all", ["equal", {"is": 1}, {"is": 1}]]
        yield move, condition, law.parse(entry.canonical(content))
        condition["check"] = check


class Aside(Memory):
    """Goes another way from where a replay stands, which stays there."""

    def __init__(self, before: Memory) -> None:
        super().__init__(replace(before.position), dict(before._subjects), dict(before._keys))

    def subject(self, name: str) -> Subject | None:
        return copy.deepcopy(super().subject(name))


@dataclass(frozen=True)
class Tried:
    """A cheat, and where the entries stand before its last one, which is not lawful."""

    last: bytes
    before: Memory

    @classmethod
    def of(cls, write: Cheat) -> "Tried":
        book = Book()
        write(book)
        before = Memory()
        replay = Replay(LOG.verifier, laws, before)
        for one in book.entries[:-1]:
            replay.check(one, leaf_hash(one))
        return cls(book.entries[-1], before)

    def caught(self, rule: str, by: law.Law) -> bool:
        """A law that lacks a condition of it lets pass what was lawful before."""
        replay = Replay(LOG.verifier, lambda _: by, Aside(self.before))
        try:
            replay.check(self.last, leaf_hash(self.last))
        except Broken as broken:
            return broken.rule == f"law.{rule}"
        return False


def test_every_condition_matters():
    """Without it a cheat of its rule passes, or another rule has to catch it."""
    tried: dict[str, list[Tried]] = defaultdict(list)
    for rule, write in CHEATS.values():
        tried[rule].append(Tried.of(write))
    kept = [
        f"{move}: {condition['words']}"
        for move, condition, lacking in laws_that_lack_a_condition()
        if all(one.caught(condition["rule"], lacking) for one in tried[condition["rule"]])
    ]
    assert not kept, "\n".join(kept)


IN_VAIN = (*COURIERED[:6], "fail")
WAYS = {
    "collected": COLLECTED,
    "couriered": COURIERED,
    "brought at the second try": (*IN_VAIN, "hand_over"),
    "brought back": (*IN_VAIN, "turn_back", "take_back"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_whole_way_is_lawful(way):
    book = Book().go(*way, way="collect" if way is COLLECTED else "courier")
    book.view()
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("reason", ["refused", "unfit"])
def test_what_can_never_succeed_is_brought_back_at_once(reason):
    book = Book().go(*COURIERED[:6], way="courier")
    book.move("turn_back", says={"reason": reason})
    assert book.go("take_back").broken() == (-1, "")


def test_an_assistants_prescription_counts_once_it_is_countersigned():
    """And after a change once it is countersigned again."""
    way = ("submit", "countersign", "approve", "resubmit", "refuse", "resubmit", "countersign")
    book = Book().go(*way, "approve")
    assert book.broken() == (-1, "")


def test_two_approve_what_is_written_on_the_form_of_toxic_medicines():
    """Either may send it back; a change to an ordinary form needs one again."""
    assert Book().go("issue_toxic", "check", "confirm", *COLLECTED[2:4]).broken() == (-1, "")
    assert Book().go("issue_toxic", "check", "send_back").broken() == (-1, "")
    assert Book().go("issue_toxic", "check", "confirm", "change", "approve").broken() == (-1, "")


def test_a_prescription_can_be_withdrawn_and_authorized_again():
    book = Book().go(*COLLECTED[:4], "withdraw", *COLLECTED[2:])
    book.settle(RX)
    book.settle(RX, by="insurer", batch="d", total_fen=200)
    assert book.broken() == (-1, "")


def test_a_prescription_can_be_changed_at_the_counter_and_extended():
    """The last content is reviewed, authorized and dispensed, by the later end."""
    book = Book().go(*COLLECTED[:4], "ask_change", "keep", "ask_change", "extend")
    book.move("change", commitment=b"n" * 32, says={"request": "9e" * 32})
    for name in ("approve", "authorize", "pay", "dispense", "receive"):
        says = {"authorize": LATER_GRANT, "dispense": {"lines": {"1": 2, "2": 3}}}.get(name)
        book.move(name, commitment=b"n" * 32, says=says)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("days", [1, 2])
def test_an_extension_ends_with_the_third_day_at_the_latest(days):
    """F11: issued a microsecond before or at midnight in Shanghai; to the microsecond."""
    midnight = datetime(2026, 11, 23, 16, tzinfo=UTC)
    at = midnight - MOMENT if days == 1 else midnight
    latest = datetime(2026, 11, 24 + days, 16, tzinfo=UTC)
    for end, rule in ((latest, ""), (latest + MOMENT, "law.wrong_end")):
        book = Book()
        first = stamp(at + timedelta(hours=1))
        book.move("issue", at=at, says={"valid_until": first})
        book.move("extend", at=at, says={"valid_until": stamp(end)})
        assert book.broken()[1] == rule
        if not rule:
            book.move("expire", at=end, says={"valid_until": stamp(end)})
            assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", [one.name for one in consultations.MOVES])
def test_every_move_of_a_consultation_is_lawful(name):
    book = Book()
    consulting.talked(name)(book)
    assert book.broken() == (-1, "")


def test_an_online_prescription_names_its_consultation():
    book = Book()
    consulting.prescribed()(book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_appraisals.LAWFUL)
def test_a_judgement_that_fits_is_lawful(name):
    """Each of the 28 problems of the rules of 2010, under its class."""
    book = Book()
    cheats_of_appraisals.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_controlled.LAWFUL)
def test_a_narcotic_is_fetched_at_its_hospital(name):
    book = Book()
    cheats_of_controlled.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_double_checks.LAWFUL)
def test_a_narcotic_is_given_out_by_two(name):
    """K8"""
    book = Book()
    cheats_of_double_checks.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_offline.LAWFUL)
def test_what_was_given_out_offline_is_lawful(name):
    """R2"""
    book = Book()
    cheats_of_offline.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_parts.LAWFUL)
def test_a_part_and_what_is_left_are_lawful(name):
    """R6, R14"""
    book = Book()
    cheats_of_parts.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_payments.LAWFUL)
def test_a_lawful_payment_of_the_funds_share_passes(name: str):
    book = Book()
    cheats_of_payments.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_registers.LAWFUL)
def test_numbers_that_follow_each_other_are_lawful(name):
    book = Book()
    cheats_of_registers.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_series.LAWFUL)
def test_an_issue_of_a_long_term_prescription_is_lawful(name):
    """R14: at the limits that the cheats pass by a microsecond, a day or a number."""
    book = Book()
    cheats_of_series.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", cheats_of_uploads.LAWFUL)
def test_what_a_hospitals_system_does_is_lawful(name):
    """R7, R9"""
    book = Book()
    cheats_of_uploads.LAWFUL[name](book)
    assert book.broken() == (-1, "")


@pytest.mark.parametrize("name", ["cancel", "give_up", "send_back", "expire"])
def test_a_prescription_can_end_early(name):
    book = Book().go(*(COLLECTED[:2] if name == "give_up" else COLLECTED[:1]))
    more: dict[str, Any] = {"at": END} if name == "expire" else {}
    book.move(name, **more)
    assert book.broken() == (-1, "")


def test_every_move_of_the_table_is_in_the_law():
    """R9: names, kinds, states and roles are those of the table, computed from both."""
    stated = DOCUMENT["families"]["rx"]["moves"]
    assert {
        (name, move["kind"], tuple(move["from"]), move["to"], tuple(*move["signers"]))
        for name, move in stated.items()
    } == {
        (
            move.name,
            move.kind,
            tuple(source.value for source in move.sources),
            move.target.value if move.target else law.STAYS,
            tuple(role.value for role in move.by),
        )
        for move in lifecycle.MOVES
    }


def test_every_move_of_a_consultation_is_in_the_law():
    """R9: the same of the other table."""
    stated = DOCUMENT["families"]["consultation"]["moves"]
    assert {
        (name, move["kind"], *move["from"], move["to"], *move["signers"][0])
        for name, move in stated.items()
    } == {
        (move.name, move.kind, move.source.value, move.target.value, move.by.value)
        for move in consultations.MOVES
    }


def test_every_role_of_people_can_have_a_key():
    register = DOCUMENT["families"]["key"]["moves"]["register"]
    (roles,) = [one["check"][2] for one in register["conditions"] if one["check"][0] == "one_of"]
    assert {role for (role,) in roles} == set(Role) - {Role.CLOCK, Role.CASHIER}


def test_the_times_leave_room_for_what_the_server_accepts():
    """F10: a statement may wait for its signature, and two servers' clocks differ both ways."""
    assert timedelta(seconds=published.SKEW_S) >= 2 * signing.AHEAD
    slack = (
        timedelta(seconds=published.LATE_S) - signing.FRESH - timedelta(seconds=published.SKEW_S)
    )
    assert slack >= timedelta(minutes=3)


SKEW, LATE = (timedelta(seconds=number) for number in (published.SKEW_S, published.LATE_S))
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(("more", "rule"), [(timedelta(0), ""), (MOMENT, "law.back_dated")])
def test_an_entry_may_be_dated_as_far_back_as_clocks_differ(more, rule):
    """L14: the order of entries is their place in the log, not their date."""
    book = Book()
    book.now += timedelta(hours=1)
    book.go("issue").move("approve", at=book.now - SKEW - more)
    assert book.broken()[1] == rule


@pytest.mark.parametrize(("more", "rule"), [(timedelta(0), ""), (MOMENT, "law.back_dated")])
def test_an_entry_may_wait_for_its_signature(more, rule):
    """F10: as long as the law says, behind the latest date of all entries, not of the last."""
    book = Book()
    book.now += timedelta(hours=1)
    book.view("a")
    latest = book.now
    book.view("b", at=latest - timedelta(minutes=10))
    book.view("c", at=latest - LATE - more)
    assert book.broken()[1] == rule


def test_a_move_may_be_late_by_what_clocks_differ():
    """F11: to the microsecond."""
    for late, rule in ((SKEW - MOMENT, ""), (SKEW, "law.out_of_time")):
        book = Book().go("issue")
        book.move("approve", at=END + late)
        assert book.broken()[1] == rule


def test_nothing_is_paid_twice_whatever_the_law_says_of_order():
    """C1: the engine itself lets no batch take twice what is owed once."""
    content = json.loads(published.document())
    for _, condition in every_condition(content):
        if condition["check"][0] == "ordered":
            condition["check"] = ["equal", {"is": 1}, {"is": 1}]
    book = Book().go(*COLLECTED)
    book.settle(RX, RX, total_fen=2800)
    assert book.broken(law.parse(entry.canonical(content)))[1] == "law.nothing_owed"


def test_the_law_is_in_its_one_form():
    data = published.document()
    assert law.digest(data) == published.digest()
    for wrong in (data + b"\n", data.replace(b'":', b'": ', 1), b"", b"[]", b"{}", b'"x"'):
        with pytest.raises(law.BadLaw):
            law.parse(wrong)


def changed(path: list[str], value: Any) -> bytes:
    content = json.loads(published.document())
    place = content
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return entry.canonical(content)


ISSUE = ["families", "rx", "moves", "issue"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], "smart-hospital/law/v2"),
        (["times"], {}),
        (["families", "rx", "names"], "uuid"),
        (["families", "rx", "constant"], ["colour"]),
        ([*ISSUE, "facts"], {"lines": "numbers"}),
        ([*ISSUE, "facts"], {"*": "fen", "x": "fen"}),
        ([*ISSUE, "facts"], ["fen"]),
        ([*ISSUE, "keep"], {"x": "weather.today"}),
        ([*ISSUE, "keep"], {"x": {"guess": "facts.lines"}}),
        ([*ISSUE, "keep"], {"x": {"is": 1, "count": 2}}),
        ([*ISSUE, "conditions"], [{"rule": "x", "words": "x", "check": ["likes", "a", "b"]}]),
        ([*ISSUE, "conditions"], [{"rule": "x", "words": "x", "check": ["equal", "facts.x"]}]),
        ([*ISSUE, "conditions"], [{"rule": "x", "words": "x", "check": "equal"}]),
        (
            [*ISSUE, "conditions"],
            [{"rule": "x", "words": "x", "check": ["one_of", ["facts.x"], [["a", "b"]]]}],
        ),
        (["families", "view", "moves", "refuse", "kind"], "record.view"),
        (["families", "view", "moves", "view", "rests"], {"on": "facts.basis"}),
        (["families", "view", "moves", "view", "rests", "on"], "weather.today"),
        (["families", "view", "moves", "view", "rests", "families"], 7),
    ],
)
def test_a_law_that_the_engine_cannot_obey_is_refused(path, value):
    with pytest.raises(law.BadLaw):
        law.parse(changed(path, value))
