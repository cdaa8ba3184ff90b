"""A receipt file needs nobody: who, what, where, and what was opened, by the policy alone."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import members, note, queries, receipt, receiptfile
from ledger.entry import canonical, read_canonical
from ledger.policy import NotFinal, Policy
from tests.ledger.witnessed import DIGESTS, FIELDS, NOON_S, WatchedLog, bits, opening, written


@pytest.fixture
def watched() -> WatchedLog:
    return WatchedLog()


def test_says_who_signed_what_when_and_who_vouches(watched):
    entry = watched.prescribe()
    verified = receiptfile.verify(watched.file(entry, 1, **opening("dose_mg")), watched.policy())

    assert verified.statement.kind == "prescription.issue"
    assert verified.signers == ("hospital/doctor/1",)
    assert (verified.index, verified.head.size) == (2, 3)
    names = [one.verifier.name for one in watched.witnesses]
    assert verified.cosigned == {name: NOON_S + at for at, name in enumerate(names)}
    assert verified.opened == {"dose_mg": 500}


@pytest.mark.parametrize("names", [(), ("name",), ("diagnosis", "dose_mg", "name")], ids=len)
def test_the_holder_opens_as_many_fields_as_he_likes(watched, names):
    bare = watched.file(watched.prescribe(), 1)
    data = receiptfile.with_opened(bare, [receiptfile.Field(*one) for one in FIELDS], names)
    opened = receiptfile.verify(data, watched.policy()).opened
    assert opened == {name: value for _, name, value in FIELDS if name in names}


def test_a_files_parts_are_read_as_they_were_written(watched):
    data = watched.file(watched.prescribe(), 0, 1, **opening("name"))
    file = receiptfile.read(data)
    assert file.receipt.bytes() == data
    again = receiptfile.complete(
        data, file.entry, keys=file.keys, opened=file.opened, digests=file.digests
    )
    assert again == data


def test_the_logs_and_the_servers_own_entries_are_proven_too(watched):
    view = watched.say("view/1", "record.view", {}, watched.services["access"])
    policy = watched.policy()
    served = receiptfile.verify(watched.file(view, 0), policy)
    assert served.signers == ("watched.example/log/access",)
    assert receiptfile.verify(watched.file(watched.entries[0]), policy).signers == (watched.origin,)
    registered = receiptfile.verify(watched.file(watched.entries[1], 0), policy)
    assert registered.signers == ("hospital/doctor/1", "watched.example/log/registrar")


def refused(
    watched: WatchedLog, data: bytes, why: type[Exception], match: str | None = None
) -> None:
    with pytest.raises(why, match=match):
        receiptfile.verify(data, watched.policy())


def test_a_key_that_is_not_proven_proves_nothing(watched):
    """K1: no registration, another's, one from later, and one that is not in the log."""
    entry = watched.prescribe()
    late = note.Signer.generate("hospital/doctor/2")
    early = watched.say("rx/2", "prescription.issue", {}, late)
    watched.register(late)
    unknown = receiptfile.UnknownSigner
    refused(watched, watched.file(entry), unknown)
    refused(watched, watched.file(entry, 0), unknown)
    refused(watched, watched.file(early, 1), unknown)
    refused(watched, watched.file(early, 4), unknown, "after")

    forged = watched.register(late)
    watched.entries.pop()
    keys = [receiptfile.Registered(forged, 1, watched.registered(1).proof)]
    data = receiptfile.complete(watched.receipt(early), early, keys=keys)
    refused(watched, data, receipt.NotIncluded)


def test_a_registration_that_the_new_key_did_not_sign_counts_for_nothing(watched):
    """K1: a registrar alone cannot give somebody else's key a name."""
    key = note.Signer.generate("hospital/doctor/2")
    watched.register(key, watched.services["registrar"])
    entry = watched.say("rx/2", "prescription.issue", {}, key)
    refused(watched, watched.file(entry, 2), note.BadSignature)


def test_a_registration_under_another_subject_counts_for_nothing(watched):
    key = note.Signer.generate("hospital/doctor/2")
    watched.say("rx/9", "key.register", {"vkey": key.verifier.vkey}, key)
    entry = watched.say("rx/2", "prescription.issue", {}, key)
    refused(watched, watched.file(entry, 2), note.Malformed, "not about")


def test_an_entry_that_opens_nothing_brings_no_keys(watched):
    """K1: only entry 0 opens the log."""
    mallory = note.Signer.generate("watched.example/log/access")
    facts = {"service_keys": {"access": mallory.verifier.vkey}}
    watched.say("log", "log.open", facts, mallory)
    entry = watched.say("view/1", "record.view", {}, mallory)
    refused(watched, watched.file(entry, 2), receiptfile.UnknownSigner)


def test_a_forged_signature_in_the_log_is_found(watched):
    """K2: the operator put an entry into the log that the doctor did not sign."""
    entry = watched.prescribe()
    text = note.parse(entry).text
    line = note.parse(watched.prescribe(2)).signatures[0].line()
    watched.entries.append(note.assemble(text, [line]))
    refused(watched, watched.file(watched.entries[-1], 1), note.BadSignature)


def test_every_signature_line_must_be_a_known_keys(watched):
    """K2: a line that nobody can check is not carried along."""
    entry = watched.say("rx/3", "rx", {}, watched.doctor, note.Signer.generate("someone"))
    refused(watched, watched.file(entry, 1), receiptfile.UnknownSigner, "someone")


def test_the_one_who_acts_must_have_signed(watched):
    entry = watched.say("rx/3", "rx", {}, watched.doctor, by="hospital/doctor/9")
    refused(watched, watched.file(entry, 1), receiptfile.UnknownSigner, "doctor/9")


def test_an_entry_of_another_log_is_refused(watched):
    """K3: the same words, filed in a log for which they were not said."""
    entry = watched.say("rx/3", "rx", {}, watched.doctor, log="other.example/log")
    refused(watched, watched.file(entry, 1), note.Malformed, "another log")


def test_a_field_that_the_record_has_not_is_refused(watched):
    """K2: another value, another salt, a digest left out, a record that commits to nothing."""
    entry = watched.prescribe()
    bare = watched.file(entry, 1)
    good = opening("dose_mg")
    for field in ((b"b" * 16, "dose_mg", 5000), (b"x" * 16, "dose_mg", 500)):
        opened = [receiptfile.Field(*field)]
        data = watched.file(entry, 1, opened=opened, digests=good["digests"])
        refused(watched, data, receiptfile.NotOpened)
    data = watched.file(entry, 1, opened=good["opened"], digests=[DIGESTS["name"]])
    refused(watched, data, receiptfile.NotOpened)
    with pytest.raises(receiptfile.NotOpened):
        receiptfile.with_opened(bare, good["opened"], ["dose_mg"])
    empty = watched.say("rx/4", "rx", {}, watched.doctor)
    refused(watched, watched.file(empty, 1, **good), receiptfile.NotOpened)


def test_nothing_below_the_quorum_is_a_receipt(watched):
    """L3, L5: two of four witnesses are not three."""
    entry = watched.prescribe()
    few = watched.checkpoint(by=(0, 3))
    refused(watched, watched.file(entry, 1, checkpoint=few), NotFinal)
    enough = watched.checkpoint(by=(0, 1, 3))
    assert receiptfile.verify(watched.file(entry, 1, checkpoint=enough), watched.policy())


def test_a_bare_receipt_says_that_it_lacks_its_entry(watched):
    refused(watched, watched.receipt(watched.prescribe()), note.Malformed, "does not contain")


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        (b'"digests":""', b'"digests":"AAAA"'),
        (b'"digests":""', b'"digests":1'),
        (b'"digests":""', b'"digests" :""'),
        (b'"digests":"",', b""),
        (b'"opened":[]', b'"opened":[["YWFhYWFhYWFhYWFhYWFhYQ==","name"]]'),
        (b'"opened":[]', b'"opened":{}'),
        (b'"opened":[]', b'"opened":[],"opened":[]'),
        (b'"index":1', b'"index":-1'),
        (b'"index":1', b'"index":true'),
        (b'"index":1', b'"index":1.0'),
        (b"receipt/v1", b"receipt/v2"),
    ],
)
def test_a_file_has_one_form(watched, part, instead):
    """K4: JSON in other words, members missing, twice, or of another type."""
    bare = receipt.parse(watched.file(watched.prescribe(), 1))
    assert part in bare.extra
    extra = bare.extra.replace(part, instead)
    with pytest.raises(note.Malformed):
        receiptfile.read(receipt.Receipt(bare.index, bare.proof, bare.checkpoint, extra).bytes())


def test_a_files_lists_have_one_order(watched):
    """K4: keys by index, fields by name, digests ascending, nothing twice or to no purpose."""
    good = opening("diagnosis", "name")
    data = watched.file(watched.prescribe(), 0, 1, **good)
    bare = receipt.parse(data)
    parts = read_canonical(bare.extra)
    lists = {
        "keys": [parts["keys"][::-1], parts["keys"][:1] * 2],
        "opened": [parts["opened"][::-1], parts["opened"][:1] * 2, []],
        "digests": [
            members.joined(sorted(DIGESTS.values(), reverse=True)),
            members.joined([DIGESTS["dose_mg"]] * 2),
        ],
    }
    for name, others in lists.items():
        for other in others:
            extra = canonical({**parts, name: other})
            changed = receipt.Receipt(bare.index, bare.proof, bare.checkpoint, extra)
            with pytest.raises(note.Malformed):
                receiptfile.read(changed.bytes())


def everything(watched: WatchedLog) -> bytes:
    return watched.file(watched.prescribe(), 1, **opening("dose_mg"))


def test_no_bit_of_a_receipt_file_can_be_changed(watched):
    """K2: a sample of all bits."""
    data = everything(watched.fill(5))
    for changed in bits(data, 600):
        with pytest.raises(ValueError):  # noqa: PT011
            receiptfile.verify(changed, watched.policy("4"))


@pytest.mark.slow
def test_no_bit_at_all_of_a_receipt_file_can_be_changed(watched):
    """K2: every bit, where every witness is needed."""
    data = everything(watched.fill(5))
    for changed in bits(data):
        with pytest.raises(ValueError):  # noqa: PT011
            receiptfile.verify(changed, watched.policy("4"))


@pytest.mark.slow
def test_a_changed_bit_makes_a_receipt_say_less_and_never_anything_else(watched):
    """K2: where a quorum can spare a witness, the line that is lost is all that is lost."""
    data, policy = everything(watched.fill(5)), watched.policy("3")
    whole, weaker = receiptfile.verify(data, policy), 0
    for changed in bits(data):
        try:
            found = receiptfile.verify(changed, policy)
        except ValueError:
            continue
        weaker += 1
        assert found.cosigned.items() < whole.cosigned.items()
        assert (found.statement, found.signers, found.index, found.head, found.opened) == (
            whole.statement,
            whole.signers,
            whole.index,
            whole.head,
            whole.opened,
        )
    assert weaker  # a bit in a name: an unknown witness's line is ignored (C2SP signed-note)


class TestFromTheDatabase:
    def test_a_receipt_file_is_complete(self, log):
        key = note.Signer.generate("hospital/doctor/7")
        facts = {"vkey": key.verifier.vkey}
        registered = log.append(
            f"key/{key.verifier.name}",
            kind="key.register",
            facts=facts,
            signers=(key, log.registrar),
        )
        log.append_many(300)
        entries = [
            (log.append("rx/a", signers=(key,)), [2]),
            (log.append("view/a", signers=(log.registrar,)), [0]),
            (log.append("rx/b", signers=(key, log.registrar)), [0, 2]),
            (registered, [0]),
        ]
        log.append("rx/a")
        log.checkpoint()

        for appended, expected in entries:
            data = queries.receipt_file_for(appended.leaf)
            verified = receiptfile.verify(data, Policy.of_log(log.signer.verifier))
            assert verified.statement.subject == appended.subject
            assert [one.index for one in receiptfile.read(data).keys] == expected

    def test_it_takes_as_many_queries_for_one_signer_as_for_many(self, log):
        keys = [note.Signer.generate(f"hospital/doctor/{number}") for number in range(9)]
        for key in keys:
            facts = {"vkey": key.verifier.vkey}
            log.append(f"key/{key.verifier.name}", kind="key.register", facts=facts, signers=(key,))
        entries = [log.append("rx/a", signers=(keys[0],)), log.append("rx/b", signers=tuple(keys))]
        log.checkpoint()
        queries.receipt_file_for(entries[0].leaf)  # which logs there are is asked once
        counts = []
        for appended in entries:
            with CaptureQueriesContext(connection) as asked:
                queries.receipt_file_for(appended.leaf)
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 4


class TestCommand:
    def test_verify_says_what_a_receipt_shows_and_what_it_cannot(self, watched, tmp_path, capsys):
        """K9: what is printed is what was signed."""
        data = everything(watched)
        written(tmp_path, receipt=data, policy=watched.policy().text)
        call_command("receipt", "verify", tmp_path / "receipt", policy=tmp_path / "policy")
        said = capsys.readouterr().out
        for words in (
            "prescription.issue: version 1 of rx/",
            "by hospital/doctor/1, dated 2026-11-23T12:00:00+00:00",
            "2 of watched.example/log, in its tree of 3",
            "hospital/witness at 2026-11-23T12:00:00+00:00",
            "dose_mg: 500",
            "look the subject up",
        ):
            assert words in said

    def test_verify_refuses_with_a_sentence(self, watched, tmp_path):
        """K2: a changed receipt, no receipt, no policy."""
        data = everything(watched)
        written(tmp_path, receipt=next(bits(data, 1)), policy=watched.policy("4").text)
        for file in ("receipt", "policy"):
            with pytest.raises(CommandError, match="does not hold"):
                call_command("receipt", "verify", tmp_path / file, policy=tmp_path / "policy")
        with pytest.raises(CommandError, match="name one with --policy"):
            call_command("receipt", "verify", tmp_path / "receipt", policy=tmp_path / "none")
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("receipt", "verify", tmp_path / "none", policy=tmp_path / "policy")

    def test_what_an_outsider_wrote_commands_no_terminal(self, watched, tmp_path, capsys):
        """D6: control characters beyond ASCII are shown as what they are."""
        entry = watched.say("rx/\x9b2J", "rx", {"a": "\u202eevil"}, watched.doctor)
        data = watched.file(entry, 1)
        written(tmp_path, receipt=data, policy=watched.policy().text)
        call_command("receipt", "verify", tmp_path / "receipt", policy=tmp_path / "policy")
        said = capsys.readouterr().out
        assert "\x9b" not in said
        assert "\u202e" not in said
        assert "\\u009b2J" in said
