"""
Twelve ways in which the operator may cheat, and who catches each without the operator's help.

The operator has every key of the server, the log's own included, and can write any file. What he
has not: the keys of people, and those of the organisations' witnesses and validators.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from ledger import evidence, merkle, note, omission, splitview, views
from ledger.cosignature import Cosigner
from ledger.entry import leaf_hash
from ledger.policy import Policy
from ledger.witness import requests
from ledger.witness.cosigning import Cosigning
from ledger.witness.records import Records
from ledger.witness.requests import AddCheckpoint
from tests.ledger.lawful import COLLECTED, LOG, OTHER_TAG, Book
from tests.ledger.witnessed import NOON_S, WatchedLog
from tests.witness.offices import Office, with_entry

POLICY = Policy.of_log(LOG.verifier)


class Witness:
    """One organisation's witness; it is shown books, as the operator shows them."""

    def __init__(self, folder: Path) -> None:
        key = Cosigner.generate("office/witness")
        self.cosigning = Cosigning(LOG.verifier.name, POLICY, [key], Records(folder / "w.db"))
        self.old = 0

    def show(self, book: Book) -> int:
        """The status of its answer."""
        leaves = [leaf_hash(entry) for entry in book.entries]
        proof: tuple[bytes, ...] = ()
        if 0 < self.old < len(leaves):
            proof = tuple(merkle.consistency(self.old, len(leaves), _source(leaves)))
        body = requests.encode(self.old, proof, signed(book))
        answer = self.cosigning.add_checkpoint(AddCheckpoint.parse(body))
        if answer.status == 200:
            self.old = len(leaves)
        return answer.status

    def suspects(self) -> list[bytes]:
        return self.cosigning.records.suspects(LOG.verifier.name)


def _source(leaves: list[bytes]) -> merkle.Source:
    def root_of(subtree: merkle.Subtree) -> bytes:
        start = subtree.place << subtree.level
        return merkle.root(leaves[start : start + (1 << subtree.level)])

    return root_of


def signed(book: Book, size: int | None = None) -> bytes:
    """The operator signs whatever he likes."""
    return note.sign(book.head(size).text(), LOG)


def anybody_sees(one: Book, other: Book) -> None:
    """Two checkpoints and the tiles of one make evidence that verifies with the policy alone."""
    larger = max(one, other, key=lambda book: len(book.entries))
    found = splitview.compare(signed(one), signed(other), POLICY, larger.files())
    assert found is not None
    assert evidence.verify(found, POLICY).origin == LOG.verifier.name


@pytest.fixture
def witness(tmp_path):
    return Witness(tmp_path)


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path)
    yield office
    office.validator.close()


def copy_of(book: Book) -> Book:
    made = Book()
    made.entries = list(book.entries)
    return made


def caught_by_the_witness(witness: Witness, honest: Book, cheated: Book) -> None:
    assert witness.show(honest) == 200
    assert witness.show(cheated) == 422
    assert witness.suspects() == [signed(cheated)]
    anybody_sees(honest, cheated)
    assert witness.show(honest) == 200


def test_cheat_1_rewrites_an_entry(witness):
    """L1, L3: the witness has seen the other one."""
    honest = Book().go(*COLLECTED)
    cheated = with_entry(honest, len(honest.entries) - 3, honest.entries[0])
    caught_by_the_witness(witness, honest, cheated)


def test_cheat_2_drops_an_entry(witness):
    """L2: and appends another, so that the size fits."""
    honest = Book().go(*COLLECTED)
    cheated = copy_of(honest)
    cheated.entries.pop(-2)
    cheated.view()
    caught_by_the_witness(witness, honest, cheated)


def test_cheat_3_reorders(witness):
    """L1: two entries about different subjects, so that no chain is broken."""
    honest = Book().go("issue")
    honest.view("a")
    cheated = copy_of(honest)
    cheated.entries[-2:] = reversed(cheated.entries[-2:])
    caught_by_the_witness(witness, honest, cheated)


def test_cheat_4_dispenses_twice(office):
    """R1, R8: a colluding pharmacist signs again; every validator refuses."""
    book = Book().go(*COLLECTED[:5])
    office.admit(book)
    book.move("dispense")
    assert office.refuses(book, "law.wrong_state").lasting


def test_cheat_5_forges_a_signature(office):
    """K1, K2: the doctor did not sign this."""
    book = Book().go("issue")
    entry, doctor = note.parse(book.entries[-1]), book.keys["doctor"].verifier
    forged = note.Signature(doctor.name, doctor.key_id, b"\x07" * 64).line()
    book.entries[-1] = note.assemble(entry.text, [forged])
    assert office.refuses(book, "signature.wrong").lasting


def test_cheat_6_uses_a_revoked_key(office):
    """K6, K1: stolen, revoked, and used all the same."""
    book = Book()
    book.revoke("doctor", "doctor")
    book.move("issue")
    assert office.refuses(book, "key.revoked").lasting


def test_cheat_7_files_an_entry_under_another_patients_tag(office):
    """Z1, P2: neither patient would find it in the right list."""
    book = Book().go("issue")
    book.move("approve", patient=OTHER_TAG)
    assert office.refuses(book, "law.patient_changed").lasting


def test_cheat_8_changes_an_amount(office):
    """C1: the payer's agent claims more than the patient accepted."""
    book = Book().go(*COLLECTED[:6])
    book.move("decide", says={"claimed_fen": 1500, "approved_fen": 1500})
    assert office.refuses(book, "law.wrong_amount").lasting


def test_cheat_9_signs_a_fork(witness):
    """L3, L4: two heads of one size."""
    honest, other = Book().go("issue"), Book()
    other.view()
    caught_by_the_witness(witness, honest, other)


def test_cheat_10_back_dates(office):
    """L14, F10: an authorization of yesterday, entered today."""
    book = Book().go("issue", "approve")
    book.move("authorize", at=book.now - timedelta(days=1))
    assert office.refuses(book, "law.back_dated").lasting


def test_cheat_11_omits_an_entry_that_he_promised():
    """L2: the phone kept the promise; two final checkpoints show that it was broken."""
    log = WatchedLog().fill(9)
    missing = b"an authorization that was never entered"
    data = log.promise(missing)
    later = log.checkpoint(at_s=NOON_S + 900)
    found = omission.look(data, log.policy(), log.files(checkpoint=later))
    assert isinstance(found, omission.Broken)
    assert leaf_hash(missing).hex() in evidence.verify(found.evidence, log.policy()).sentence


def test_cheat_12_shows_the_regulator_another_tree():
    """L4: whoever compares two views finds it, with evidence, though each verifies by itself."""
    public, private = WatchedLog().fill(9), WatchedLog().fill(8)
    private.fill(1)
    shown = [
        views.View("the insurer", public.checkpoint(by=(0, 1, 2)), public.files()),
        views.View("the regulator", private.checkpoint(by=(1, 2, 3)), private.files()),
    ]
    compared = views.compare(shown, public.policy())
    assert compared.evidence is not None
    finding = evidence.verify(compared.evidence, public.policy())
    assert set(finding.witnesses) == {"pharmacy/witness", "insurer/witness"}  # who lied with him
