"""The patient's complete list: what the proof shows, and everything that it refuses to show."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import note, patientmap, patients
from ledger.cosignature import Cosigner
from ledger.note import BadSignature, Malformed
from ledger.patients import Incomplete, NotListed, Unproven
from ledger.policy import Final, NotFinal, Policy
from ledger.treehead import TreeHead
from tests.ledger.listed import (
    ALONE,
    HEADER,
    LOG,
    OF_LISTS,
    POLICY,
    WITNESSES,
    head,
    lists_of,
    mapped,
    naive_root,
    neighbour_of,
    tagged,
)
from tests.ledger.listed import VALIDATORS as FOUR
from tests.ledger.witnessed import NOON_S, bits

ANN, BOB = "7a" * 32, "7b" * 32
CAT = neighbour_of(ANN)
ENTRIES = ["", ANN, BOB, ANN, "", CAT, ANN, BOB, ANN, ANN]
SIZE = len(ENTRIES)
ANNS = [1, 3, 6, 8, 9]
TAGS = st.sampled_from(["", ANN, BOB, CAT, *map(str, range(40))])


def proof(tag: str = ANN, entries: list[str] = ENTRIES, by: Sequence[Cosigner] = FOUR) -> bytes:
    lists = mapped(entries)
    return lists.prove(tag, head(len(entries), lists.root(), by))


PROOF = proof()
ENOUGH = proof(by=FOUR[:3])


class Counting(patientmap.Memory):
    """Counts what is read and written."""

    read = written = calls = 0

    def buckets(self, numbers):
        self.read, self.calls = self.read + len(numbers), self.calls + 1
        return super().buckets(numbers)

    def nodes(self, numbers):
        self.read, self.calls = self.read + len(numbers), self.calls + 1
        return super().nodes(numbers)

    def put_buckets(self, buckets):
        self.written, self.calls = self.written + len(buckets), self.calls + 1
        super().put_buckets(buckets)

    def put_nodes(self, nodes):
        self.written, self.calls = self.written + len(nodes), self.calls + 1
        super().put_nodes(nodes)


# --- the map --------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(st.lists(TAGS, max_size=120), st.data())
def test_equals_what_its_definition_says_however_it_was_cut_into_batches(entries, data):
    """L6: another program, written from the definition, finds the same root."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(entries)), max_size=6)))
    lists = patientmap.Map(patientmap.Memory())
    for start, end in itertools.pairwise([0, *cuts, len(entries)]):
        lists.extend(tagged(entries[start:end], start))

    assert lists.root() == naive_root(lists_of(entries))
    signed = head(len(entries), lists.root())
    for tag in {ANN, BOB, CAT, "0", "a stranger"}:
        indices = lists_of(entries).get(tag, [])
        found = patients.verify(lists.prove(tag, signed), tag, indices, POLICY)
        assert found.head.size == len(entries)


def test_a_store_gives_back_what_was_packed():
    for count in (1, 2, 3, 255, 256, 1000):
        record = patientmap.Record(patients.key_of(ANN), 0, ())
        record = record.extended([patients.index_leaf(index) for index in range(count)])
        other = patientmap.Record(patients.key_of(BOB), 1, (b"x" * 32,))
        assert patientmap.unpack(patientmap.pack([record, other])) == [record, other]
    assert patientmap.unpack(b"") == []


def test_costs_what_the_new_entries_cost_however_large_the_map_is():
    """D3: counted, not timed: one entry after 20, and after 20,000."""
    costs = {}
    for patients_before in (20, 20_000):
        store = Counting()
        lists = patientmap.Map(store)
        lists.extend((index, f"patient {index}") for index in range(patients_before))
        store.read = store.written = store.calls = 0
        lists.extend([(patients_before, ANN)])
        costs[patients_before] = store.read, store.written, store.calls
    assert costs[20] == costs[20_000] == (1 + 16, 1 + 17, 4)


def test_a_busy_patient_costs_no_more_than_a_new_one():
    lists = patientmap.Map(store := Counting())
    lists.extend((index, ANN) for index in range(5_000))
    assert (store.read, store.written) == (1 + 16, 1 + 17)
    (bucket,) = store.buckets([patients.bucket_of(patients.key_of(ANN))]).values()
    assert len(bucket) < 40 + 32 * 13


@pytest.mark.parametrize("indices", [[3, 3], [3, 2], [-1]])
def test_takes_entries_in_their_order_alone(indices):
    with pytest.raises(ValueError, match="comes after"):
        patientmap.Map(patientmap.Memory()).extend((index, ANN) for index in indices)


def test_proves_nothing_under_the_head_of_another_map():
    lists = mapped(ENTRIES)
    with pytest.raises(Unproven):
        lists.prove(ANN, head(SIZE, mapped(ENTRIES[:-1]).root()))


# --- what a phone accepts -------------------------------------------------------------------------


def test_shows_that_these_are_all_entries():
    found = patients.verify(PROOF, ANN, ANNS, POLICY)
    assert (found.head.size, found.head.origin) == (SIZE, "listed.example/log/patients")
    assert found.cosigned == {one.verifier.name: NOON_S for one in FOUR}


def test_shows_that_there_is_no_entry():
    """Absence: in an empty bucket, and in one that others are in."""
    nobody = ["", BOB, CAT]
    for tag in (ANN, "a stranger"):
        assert patients.verify(proof(tag, nobody), tag, [], POLICY).head.size == 3


@pytest.mark.parametrize(
    "given",
    [
        [],
        *([one for one in ANNS if one != left] for left in ANNS),
        *(sorted([*ANNS, more]) for more in range(SIZE) if more not in ANNS),
        *(sorted([*ANNS, again]) for again in ANNS),
        [*ANNS, SIZE],
        [*ANNS[:-1], SIZE],
        ANNS[::-1],
        [3, 1, 6, 8, 9],
        [1, 3, 6, 8, 8],
        [1, 3, 6, 7, 9],
        [-1, 3, 6, 8, 9],
        [1, 3, 6, 8, 1 << 64],
    ],
    ids=str,
)
def test_refuses_a_list_with_an_entry_too_few_too_many_or_another(given):
    """L13: an omitted, added, doubled, exchanged or misplaced index."""
    with pytest.raises(Incomplete):
        patients.verify(PROOF, ANN, given, POLICY)


def test_refuses_entries_of_one_who_has_none():
    with pytest.raises(NotListed):
        patients.verify(proof("a stranger"), "a stranger", [1], POLICY)


def test_refuses_a_bucket_from_which_the_record_was_taken():
    """Absence cannot be claimed by leaving a record, or a neighbour's, out."""
    whole = patients.Proof.parse(PROOF)
    assert len(whole.records) == 2
    for left in ((), whole.records[:1], whole.records[1:]):
        cut = patients.Proof(whole.bucket, left, whole.siblings, whole.head).bytes()
        for indices in ([], ANNS):
            with pytest.raises(Unproven):
                patients.verify(cut, ANN, indices, POLICY)


def test_refuses_the_proof_of_another_bucket():
    with pytest.raises(Unproven, match="another bucket"):
        patients.verify(proof(BOB), ANN, [], POLICY)


@settings(max_examples=60, deadline=None)
@given(st.lists(TAGS, min_size=1, max_size=40), TAGS.filter(bool), st.data())
def test_accepts_the_list_itself_and_no_other(entries, tag, data):
    """Of all subsets of the indices one alone passes."""
    claimed = sorted(data.draw(st.sets(st.integers(0, len(entries)))))
    told = proof(tag, entries)
    true = lists_of(entries).get(tag, [])
    assert patients.verify(told, tag, true, POLICY)
    if claimed != true:
        with pytest.raises((Incomplete, NotListed)):
            patients.verify(told, tag, claimed, POLICY)


# --- the head -------------------------------------------------------------------------------------


def test_is_final_by_the_validators_and_by_nobody_else():
    """L5: every set of validators, with all witnesses and with none."""
    lists = mapped(ENTRIES)
    for count in range(5):
        for some in itertools.combinations(FOUR, count):
            for others in ([], WITNESSES):
                signed = head(SIZE, lists.root(), [*some, *others])
                told = lists.prove(ANN, signed)
                if count >= 3:
                    assert patients.verify(told, ANN, ANNS, POLICY)
                else:
                    with pytest.raises(NotFinal):
                        patients.verify(told, ANN, ANNS, POLICY)


def test_where_the_policy_asks_for_nobody_the_log_alone_makes_it_final():
    signed = head(SIZE, mapped(ENTRIES).root(), [])
    found = patients.verify(proof(by=[]), ANN, ANNS, ALONE)
    assert found == Final(patients.head_of(signed), {})


def test_a_policy_without_validators_makes_nothing_final():
    """Witnesses cannot say what is in the entries, so they do not stand in."""
    names = [one.verifier for one in WITNESSES]
    lines = "".join(f"witness {key.name} {key.vkey}\n" for key in names)
    group = f"group witnesses any {' '.join(key.name for key in names)}\nquorum witnesses\n"
    lists = mapped(ENTRIES)
    told = lists.prove(ANN, head(SIZE, lists.root(), WITNESSES))
    with pytest.raises(NotFinal):
        patients.verify(told, ANN, ANNS, Policy.parse((HEADER + lines + group).encode()))


def test_a_group_of_validators_counts_even_if_the_quorum_asks_for_nobody():
    text = POLICY.text.replace(b"quorum consortium", b"quorum none")
    lists = mapped(ENTRIES)
    told = lists.prove(ANN, head(SIZE, lists.root(), FOUR[:2]))
    with pytest.raises(NotFinal):
        patients.verify(told, ANN, ANNS, Policy.parse(text))


def test_the_logs_key_signs_lists_under_their_own_name():
    """L3: a checkpoint is no head of lists, and a stranger's key is not the log's."""
    root = mapped(ENTRIES).root()
    stranger = note.Signer(OF_LISTS.verifier.name, b"s" * 32)
    for wrong in (LOG, stranger):
        with pytest.raises(BadSignature):
            patients.final(head(SIZE, root, own=wrong), POLICY)
    checkpoint = note.sign(TreeHead(LOG.verifier.name, SIZE, root).text(), LOG)
    with pytest.raises(BadSignature):
        patients.final(checkpoint, ALONE)


def test_names_of_lists_lead_back_to_their_log():
    assert patients.log_of(patients.origin_of("example/log")) == "example/log"
    for other in ("example/log", "/patients", "", "example/patients/log"):
        assert patients.log_of(other) is None


# --- bytes ----------------------------------------------------------------------------------------

REFUSED = (Malformed, BadSignature, NotFinal, Unproven, Incomplete, NotListed)


def test_every_changed_bit_is_refused():
    """
    L1, K2: of the records, the siblings, the head and its signatures.

    There are just enough of these: a line under another name would be a stranger's, and ignored.
    """
    patients.verify(ENOUGH, ANN, ANNS, POLICY)
    for changed in bits(ENOUGH):
        with pytest.raises(REFUSED):
            patients.verify(changed, ANN, ANNS, POLICY)


def test_what_is_accepted_has_one_spelling():
    assert patients.Proof.parse(PROOF).bytes() == PROOF


@given(st.binary(max_size=300))
def test_whatever_is_no_proof_is_malformed(data):
    """D4: no other fault, whatever the bytes."""
    with pytest.raises(Malformed):
        patients.Proof.parse(data)


@given(st.integers(0, len(ENOUGH)), st.integers(0, len(ENOUGH)), st.binary(max_size=20))
def test_a_damaged_proof_is_refused_and_breaks_nothing(start, end, put):
    """D4"""
    changed = ENOUGH[:start] + put + ENOUGH[end:]
    if changed != ENOUGH:
        with pytest.raises(REFUSED):
            patients.verify(changed, ANN, ANNS, POLICY)


def _lines(**changes: Any) -> bytes:
    whole = patients.Proof.parse(PROOF)
    parts: dict[str, Any] = {
        "form": patients.FORMAT,
        "bucket": f"bucket {whole.bucket}",
        "records": [f"record {note.encode_base64(one)}" for one in whole.records],
        "siblings": [note.encode_base64(one) for one in whole.siblings],
    }
    parts.update(changes)
    lines = [parts["form"], parts["bucket"], *parts["records"], *parts["siblings"]]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + whole.head


RECORDS = patients.Proof.parse(PROOF).records
SIBLINGS = [note.encode_base64(one) for one in patients.Proof.parse(PROOF).siblings]


def record(data: bytes) -> str:
    return f"record {note.encode_base64(data)}"


@pytest.mark.parametrize(
    "changes",
    [
        {"form": "smart-hospital/patient-list/v2"},
        {"bucket": "bucket 65536"},
        {"bucket": "bucket 01"},
        {"bucket": "bucket -1"},
        {"bucket": "bucket 1"},
        {"records": [record(RECORDS[1]), record(RECORDS[0])]},
        {"records": [record(RECORDS[0]), record(RECORDS[0]), record(RECORDS[1])]},
        {"records": [record(RECORDS[0][:32] + bytes(8) + RECORDS[0][40:])]},
        {"records": [record(RECORDS[0] + b"x")]},
        {"records": [record(RECORDS[0]).removeprefix("record ")]},
        {"records": ["record "]},
        {"siblings": SIBLINGS[:-1]},
        {"siblings": [*SIBLINGS, SIBLINGS[0]]},
        {"siblings": [note.encode_base64(b"x" * 31), *SIBLINGS[1:]]},
        {"siblings": ["", *SIBLINGS[1:]]},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_proof_has_one_form(changes):
    assert _lines() == PROOF
    with pytest.raises(Malformed):
        patients.Proof.parse(_lines(**changes))


def test_a_proof_that_is_too_long_is_not_read():
    """D2"""
    with pytest.raises(Malformed, match="too long"):
        patients.Proof.parse(PROOF.ljust(patients.MAX_BYTES + 1, b"\n"))


class TestCommand:
    """``./rx receipt list``: a phone's check for those who have a terminal."""

    def check(self, folder: Path, proved: bytes, tag: str, *indices: int) -> None:
        folder.joinpath("proof").write_bytes(proved)
        folder.joinpath("policy").write_bytes(POLICY.text)
        call_command(
            "receipt",
            "list",
            folder / "proof",
            tag,
            *map(str, indices),
            policy=folder / "policy",
        )

    def test_a_complete_list_is_told_to_be_so(self, tmp_path, capsys):
        self.check(tmp_path, PROOF, ANN, *ANNS)
        said = capsys.readouterr().out
        assert f"OK       {len(ANNS)} entries are about this patient among the first {SIZE}" in said
        absent = "7d" * 32
        self.check(tmp_path, proof(absent), absent)
        assert "OK       no entries are about this patient" in capsys.readouterr().out

    @pytest.mark.parametrize("indices", [ANNS[1:], [*ANNS, 2], [*ANNS[:-1], 2], []], ids=str)
    def test_one_entry_too_few_or_too_many_is_refused(self, tmp_path, indices):
        """L1: what is kept from the patient, and what is foisted on him."""
        with pytest.raises(CommandError, match="does not hold"):
            self.check(tmp_path, PROOF, ANN, *sorted(indices))

    def test_another_patients_proof_is_refused(self, tmp_path):
        with pytest.raises(CommandError, match="does not hold"):
            self.check(tmp_path, proof(BOB), ANN, *ANNS)
