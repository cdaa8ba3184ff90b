"""
What is in its form and says nonsense: laws, entries, receipts, evidence, logs of files.

Noise seldom gets past the form. Here the JSON inside is changed and written in its one form again,
and signed where it was signed, so that the rules behind the form are reached.
"""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from config import law as published
from ledger import audit, entry, evidence, exhibit, law, note, receipt, receiptfile
from ledger.exhibit import NotShown
from ledger.note import BadSignature, Malformed
from ledger.policy import NotFinal
from ledger.receipt import NotIncluded, Receipt
from ledger.replay import Broken, Replay
from tests.ledger.fuzzing import altered, damaged
from tests.ledger.lawful import COLLECTED, LOG, Book
from tests.ledger.parsers import EVIDENCE, FILE, OMISSION, POLICY

BOOK = Book().go(*COLLECTED)
SIGNERS = {key.verifier.name: key for key in BOOK.keys.values()} | {LOG.verifier.name: LOG}
FILES = BOOK.files()
LAW = entry.read_canonical(published.document())
HEADER = note.parse(BOOK.entries[0]).text.partition(b"\n")[0] + b"\n"
REFUSED = (Malformed, BadSignature, NotFinal, NotIncluded, NotShown)
OF_RECEIPTS = (*REFUSED, receiptfile.UnknownSigner, receiptfile.NotOpened)
LAWS = {published.digest(): law.parse(published.document())}
OFTEN = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def written(value: object) -> bytes:
    """The canonical JSON; what has none is not tried."""
    try:
        return entry.canonical(value)
    except Malformed:
        assume(False)
        raise


@given(st.data())
@OFTEN
def test_an_altered_law_is_none_or_judges_every_entry(source: st.DataObject):
    """Z1, D4: what the engine accepts it can obey; no entry of a real log makes it stumble."""
    document = written(source.draw(altered(LAW)))
    try:
        other = law.parse(document)
    except law.BadLaw:
        return
    replay = Replay(LOG.verifier, lambda digest: other)
    with contextlib.suppress(Broken):
        for one in BOOK.entries:
            replay.check(one, entry.leaf_hash(one))


@given(st.data(), st.integers(0, len(BOOK.entries) - 1))
@OFTEN
def test_an_altered_entry_breaks_a_rule_or_none(source: st.DataObject, index: int):
    """D4, L4: signed by those who signed the right one, as the operator could have it signed."""
    right = note.parse(BOOK.entries[index])
    content = entry.read_canonical(right.text.removeprefix(HEADER)[:-1])
    text = HEADER + written(source.draw(altered(content))) + b"\n"
    try:
        changed = note.sign(text, *(SIGNERS[one.name] for one in right.signatures))
    except Malformed:
        assume(False)
    replay = Replay(LOG.verifier, LAWS.get)
    for one in BOOK.entries[:index]:
        replay.check(one, entry.leaf_hash(one))
    with contextlib.suppress(Broken):
        replay.check(changed, entry.leaf_hash(changed))


@given(st.data())
@OFTEN
def test_an_altered_receipt_is_refused_or_shows_the_same(source: st.DataObject):
    """K2, D4: whatever stands in the extra data, which nobody signed."""
    bare = receipt.parse(FILE)
    extra = written(source.draw(altered(entry.read_canonical(bare.extra))))
    changed = Receipt(bare.index, bare.proof, bare.checkpoint, extra).bytes()
    try:
        found = receiptfile.verify(changed, POLICY)
    except OF_RECEIPTS:
        return
    right = receiptfile.verify(FILE, POLICY)
    assert (found.statement, found.signers, found.index) == (
        right.statement,
        right.signers,
        right.index,
    )
    assert found.opened.items() <= right.opened.items()


@pytest.mark.parametrize("right", [EVIDENCE, OMISSION], ids=["split view", "omission"])
@given(source=st.data())
@OFTEN
def test_altered_evidence_is_refused_or_shows_the_same(right: bytes, source: st.DataObject):
    """L2, L4, D4: whatever stands in it, which nobody signed."""
    form, _, content = right.partition(b"\n")
    changed = written(source.draw(altered(entry.read_canonical(content[:-1]))))
    try:
        finding = evidence.verify(form + b"\n" + changed + b"\n", POLICY)
    except REFUSED:
        return
    assert finding == evidence.verify(right, POLICY)
    assert exhibit.form_of(right) == form.decode()


@given(st.data(), st.sampled_from(sorted(FILES)))
@OFTEN
def test_a_log_with_a_damaged_file_has_a_fault_or_the_same_root(source: st.DataObject, path: str):
    """L1, D4: whatever a server gives for a file, an auditor says what is wrong, or nothing is."""
    content = source.draw(damaged((FILES[path],)))
    files = type(FILES)({**FILES, path: content})
    try:
        found = audit.files(files, LOG.verifier.vkey)
    except audit.Fault:
        return
    assert found.root == audit.files(FILES, LOG.verifier.vkey).root
    assert content == FILES[path]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"])
@pytest.mark.parametrize("index", range(len(BOOK.entries)))
def test_the_ends_of_time_break_a_rule_and_no_validator(index: int, at: str):
    """D4: a clock's tolerance is added to no moment; the sum might be none that there is."""
    right = note.parse(BOOK.entries[index])
    content = entry.read_canonical(right.text.removeprefix(HEADER)[:-1])
    moments = {name for name, value in content["facts"].items() if str(value)[10:11] == "T"}
    content.update(at=at, facts={**content["facts"], **dict.fromkeys(moments, at)})
    text = HEADER + written(content) + b"\n"
    changed = note.sign(text, *(SIGNERS[one.name] for one in right.signatures))
    replay = Replay(LOG.verifier, LAWS.get)
    with contextlib.suppress(Broken):
        for one in (*BOOK.entries[:index], changed, *BOOK.entries[index + 1 :]):
            replay.check(one, entry.leaf_hash(one))


@pytest.mark.parametrize("bad", [1 << 52, -(1 << 52), "1", []])
def test_a_law_whose_times_no_clock_can_count_is_none(bad: object):
    """Z1, D4: refused when it is read, not when it is first obeyed."""
    for name in ("skew_s", "late_s"):
        with pytest.raises(law.BadLaw):
            law.parse(written({**LAW, "times": {**LAW["times"], name: bad}}))


def test_an_entry_to_which_the_law_cannot_be_applied_is_unlawful():
    """Z1: a check that compares a text with a number is not passed, and stops no validator."""
    families = json.loads(json.dumps(LAW["families"]))
    compared = {"rule": "odd", "words": "odd", "check": ["less", "state", {"is": 1}]}
    for family in families.values():
        for move in family["moves"].values():
            move["conditions"] = [compared]
    odd = law.parse(written({**LAW, "families": families}))
    replay = Replay(LOG.verifier, lambda digest: odd)
    with pytest.raises(Broken) as refusal:
        replay.check(BOOK.entries[0], entry.leaf_hash(BOOK.entries[0]))
    assert refusal.value.rule == "law.unfit"


def test_what_is_not_altered_is_right():
    replay = Replay(LOG.verifier, LAWS.get)
    for one in BOOK.entries:
        replay.check(one, entry.leaf_hash(one))
    assert replay.entries == len(BOOK.entries)
