"""A log that ends and the one that goes on: one history, with no way around it."""

import pytest

from ledger import audit, note, succession
from ledger.replay import Broken
from ledger.treehead import TreeHead
from tests.ledger.continued import NEXT, Successor, broken, carried, freeze, replayed
from tests.ledger.lawful import COLLECTED, RX, SERVICES, Book, signer

HALF_WAY = COLLECTED[:4]


@pytest.fixture
def frozen() -> Book:
    """A prescription is paid for, and another one is under way, when the log ends."""
    book = Book().go(*HALF_WAY)
    book.go("issue", of="rx/" + "2" * 32)
    freeze(book)
    return book


def test_what_was_begun_goes_on(frozen):
    """L2: versions and ``prev`` continue across the two logs."""
    book = Successor(frozen)
    book.go("dispense", "receive", "decide", "claim")
    book.settle(RX)
    assert broken(book) == (-1, "")


def test_what_was_done_is_not_done_again(frozen):
    """R7: dispensed in the log that ended, it cannot be dispensed in the next."""
    done = Book().go(*HALF_WAY, "dispense")
    freeze(done)
    book = Successor(done)
    book.states[RX] = "paid"
    book.move("dispense")
    assert broken(book) == (1, "law.wrong_state")


def test_a_subject_cannot_begin_again(frozen):
    book = Successor(frozen)
    book.tips.clear()
    book.states.clear()
    book.move("issue")
    assert broken(book) == (1, "chain.version")


def test_a_revoked_key_stays_revoked(frozen):
    """K8"""
    before = Book()
    before.revoke("doctor", by="doctor")
    freeze(before)
    book = Successor(before)
    book.move("issue")
    assert broken(book) == (1, "key.revoked")


@pytest.mark.parametrize("name", SERVICES)
def test_the_services_keys_end_with_their_log(frozen, name):
    """K8: whoever finds an old log's keys signs nothing in the next one."""
    book = Successor(frozen)
    book.keys[name] = SERVICES[name]
    book.view(by=name)
    assert broken(book) == (1, "key.revoked")


def test_the_old_logs_key_signs_nothing_in_the_next(frozen):
    book = Successor(frozen)
    book.add("log", "log.law", {"law": "0" * 64}, frozen.log)
    assert broken(book) == (1, "key.revoked")


def test_nothing_follows_the_end(frozen):
    """L1: a frozen log cannot grow, whoever signs."""
    frozen.move("dispense")
    assert frozen.broken() == (len(frozen.entries) - 1, "log.frozen")


def test_a_frozen_log_is_not_frozen_again_for_another(frozen):
    freeze(frozen, signer("example/log/other"))
    assert frozen.broken() == (len(frozen.entries) - 1, "log.frozen")


def test_only_the_log_that_was_named_goes_on(frozen):
    """L3: two logs cannot both continue one."""
    book = Successor(frozen, key=signer("example/log/other"))
    assert broken(book) == (0, "log.discontinued")


@pytest.mark.parametrize(
    "says",
    [
        None,
        {"origin": "example/log", "root": "A" * 43 + "=", "size": 3},
        {"origin": "example/log", "root": "", "size": 3},
        {"origin": "example/log"},
        "example/log",
        {},
    ],
)
def test_it_goes_on_from_where_the_other_ended_and_nowhere_else(frozen, says):
    """L3, L9"""
    book = Successor(frozen, predecessor=says)
    assert broken(book)[1] == "log.discontinued"


def test_it_is_not_judged_without_what_came_before(frozen):
    book = Successor(frozen)
    with pytest.raises(Broken, match="has to be replayed first"):
        replayed(book)


def test_a_log_that_goes_on_itself_has_no_successor():
    book = Book().go("issue")
    with pytest.raises(succession.Discontinued):
        carried(book)


def test_a_log_that_ended_later_is_not_continued_from_before(frozen):
    store = replayed(frozen)
    head = frozen.head()
    with pytest.raises(succession.Discontinued):
        succession.carry(store, TreeHead(head.origin, head.size - 1, head.root))


def test_both_are_verified_from_their_files(frozen):
    """L9: by whoever has nothing but the files and the keys."""
    book = Successor(frozen).go("dispense")
    history = audit.History()
    first = audit.files(frozen.files(), frozen.log.verifier.vkey, history=history)
    second = audit.files(book.files(), NEXT.verifier.vkey, history=history)
    assert (first.size, second.size) == (len(frozen.entries), len(book.entries))
    assert audit.predecessor(book.files(), NEXT.verifier.vkey) == frozen.origin
    assert audit.predecessor(frozen.files(), frozen.log.verifier.vkey) == ""


def test_the_second_alone_is_not_verified(frozen):
    with pytest.raises(audit.Fault, match="has to be replayed first"):
        audit.files(Successor(frozen).files(), NEXT.verifier.vkey)


def test_another_past_is_found(frozen):
    """L3, L6: the log that ended is not the one that its successor continues."""
    book = Successor(frozen)
    other = Book().go(*HALF_WAY)
    freeze(other)
    history = audit.History()
    audit.files(other.files(), other.log.verifier.vkey, history=history)
    with pytest.raises(audit.Fault, match="does not continue"):
        audit.files(book.files(), NEXT.verifier.vkey, history=history)


def test_a_third_goes_on_from_the_second(frozen):
    second = Successor(frozen)
    third_key = note.Signer("example/log/third", b"3" * 32)
    freeze(second, third_key)
    third = Successor(second, key=third_key).go("dispense")
    history = audit.History()
    for book in (frozen, second, third):
        summary = audit.files(book.files(), book.log.verifier.vkey, history=history)
    assert summary.size == len(third.entries)
