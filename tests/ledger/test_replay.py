"""Each rule of the replay, broken once, by entries that are right in every other way."""

import dataclasses
import uuid

import pytest

from ledger import entry, note
from ledger.entry import Statement
from ledger.replay import Broken, Replay
from tests.ledger.logs import NOON

LOG = note.Signer("example/log", b"l" * 32)
REGISTRAR = note.Signer("example/log/registrar", b"r" * 32)
DOCTOR = note.Signer("hospital/doctor", b"d" * 32)
NURSE = note.Signer("hospital/nurse", b"n" * 32)


def statement(**fields) -> Statement:
    usual = {
        "log": "example/log",
        "subject": uuid.uuid4().hex,
        "version": 1,
        "prev": b"",
        "kind": "rx.issue",
        "by": "hospital/doctor",
        "at": NOON,
        "patient": "",
        "commitment": b"",
        "facts": {},
    }
    return Statement(**{**usual, **fields})


def opening(**facts) -> bytes:
    keys = {"service_keys": {"registrar": REGISTRAR.verifier.vkey}, "policy": {}}
    made = statement(kind="log.open", by="example/log", subject="log", facts={**keys, **facts})
    return note.sign(made.text(), LOG)


def registration(key: note.Signer, *signers: note.Signer, kind="key.register") -> bytes:
    facts = {"vkey": key.verifier.vkey}
    made = statement(kind=kind, by=signers[0].verifier.name, facts=facts)
    return note.sign(made.text(), *signers)


def entry_of(*signers: note.Signer, **fields) -> bytes:
    return note.sign(statement(**fields).text(), *signers)


class Log:
    def __init__(self, *entries: bytes) -> None:
        self.replay = Replay(LOG.verifier)
        for each in entries:
            self.take(each)

    def take(self, data: bytes) -> bytes:
        leaf = entry.leaf_hash(data)
        self.replay.check(data, leaf)
        return leaf

    def refuses(self, data: bytes, why: str) -> None:
        with pytest.raises(Broken, match=why):
            self.take(data)


@pytest.fixture
def log() -> Log:
    return Log(opening(), registration(DOCTOR, DOCTOR, REGISTRAR))


def test_takes_what_is_right(log):
    first = log.take(entry_of(DOCTOR, subject="rx"))
    log.take(entry_of(DOCTOR, subject="rx", version=2, prev=first))
    log.take(registration(NURSE, NURSE, REGISTRAR))
    log.take(entry_of(DOCTOR, NURSE))
    log.take(entry_of(REGISTRAR, by="example/log/registrar"))
    assert (log.replay.entries, log.replay.subjects, log.replay.keys) == (7, 6, 4)


def test_a_log_begins_with_its_opening_and_has_no_second_one(log):
    Log().refuses(entry_of(LOG, by="example/log"), "opens the log")
    log.refuses(opening(), "opens the log")


def test_an_opening_is_signed_by_the_logs_key():
    forged = note.sign(note.parse(opening()).text, DOCTOR)
    Log().refuses(forged, "not registered")


@pytest.mark.parametrize("keys", [None, [], {"registrar": "x"}, {"registrar": 1}], ids=str)
def test_an_opening_names_sound_service_keys(keys):
    with pytest.raises((Broken, note.Malformed)):
        Log(opening(service_keys=keys))


def test_versions_follow_one_another(log):
    log.refuses(entry_of(DOCTOR, subject="rx", version=2, prev=b"p" * 32), "comes first")
    first = Log(opening(), registration(DOCTOR, DOCTOR, REGISTRAR))
    leaf = first.take(entry_of(DOCTOR, subject="rx"))
    first.refuses(entry_of(DOCTOR, subject="rx"), "version 1 follows version 1")
    first.refuses(entry_of(DOCTOR, subject="rx", version=3, prev=leaf), "3 follows")
    first.refuses(entry_of(DOCTOR, subject="rx", version=2, prev=b"p" * 32), "prev")


def test_who_acts_has_signed(log):
    log.take(registration(NURSE, NURSE, REGISTRAR))
    log.refuses(entry_of(NURSE), "hospital/doctor did not sign")


def test_every_signature_is_by_a_registered_key(log):
    log.refuses(entry_of(DOCTOR, NURSE), "hospital/nurse is not registered")
    log.refuses(entry_of(note.Signer("hospital/doctor", b"x" * 32)), "not registered")


def test_every_signature_is_right(log):
    text = statement().text()
    forged = note.assemble(text, [DOCTOR.sign(text + b"x")])
    log.refuses(forged, "signature of hospital/doctor is wrong")


def test_a_short_signature_is_wrong(log):
    key = DOCTOR.verifier
    line = note.Signature(key.name, key.key_id, b"short").line()
    log.refuses(note.assemble(statement().text(), [line]), "wrong")


def test_nobody_signs_twice(log):
    log.refuses(entry_of(DOCTOR, DOCTOR), "twice")


def test_an_entry_is_for_this_log(log):
    log.refuses(entry_of(DOCTOR, log="other/log"), "another log")


def test_a_key_is_registered_by_itself_and_the_registrar(log):
    log.refuses(registration(NURSE, NURSE), "registrar did not sign")
    log.refuses(registration(NURSE, REGISTRAR), "new key did not sign")
    log.refuses(registration(NURSE, NURSE, DOCTOR), "registrar did not sign")
    log.refuses(registration(DOCTOR, DOCTOR, REGISTRAR), "before")


def test_a_registrar_named_by_nobody_registers_nothing():
    log = Log(opening(service_keys={}))
    log.refuses(registration(DOCTOR, DOCTOR, LOG), "registrar did not sign")


def test_a_revoked_key_signs_nothing_more(log):
    """L11: what it signed before stays valid; what it signs afterwards is refused."""
    log.take(entry_of(DOCTOR))
    log.take(registration(DOCTOR, DOCTOR, kind="key.revoke"))
    log.refuses(entry_of(DOCTOR), "hospital/doctor is revoked")
    log.refuses(registration(DOCTOR, DOCTOR, REGISTRAR), "registered before")
    log.refuses(registration(DOCTOR, REGISTRAR, kind="key.revoke"), "not in force")


def test_a_new_key_under_an_old_name_signs_on(log):
    """L11: rotation: the same name, another key."""
    rotated = note.Signer("hospital/doctor", b"x" * 32)
    log.take(registration(DOCTOR, DOCTOR, kind="key.revoke"))
    log.take(registration(rotated, rotated, REGISTRAR))
    log.take(entry_of(rotated))


@pytest.mark.parametrize("vkey", [None, 1, "x"], ids=str)
def test_a_registration_names_a_sound_key(log, vkey):
    made = statement(kind="key.register", facts={} if vkey is None else {"vkey": vkey})
    log.refuses(note.sign(made.text(), DOCTOR, REGISTRAR), "not a verifier key")


def test_an_entry_is_in_its_one_form(log):
    data = entry_of(DOCTOR)
    for changed in (data + b"\n", data.replace(b'"facts":{}', b'"facts": {}'), b""):
        log.refuses(changed, "signatures|signature line|one form")
    later = dataclasses.replace(statement(), kind="rx.review")
    log.take(note.sign(later.text(), DOCTOR))


def test_each_rule_has_a_code_of_its_own(log):
    """A refusal can be looked up by whoever does not read its words."""
    forged = note.assemble(statement().text(), [DOCTOR.sign(b"x")])
    broken = {
        "entry.malformed": b"",
        "entry.other_log": entry_of(DOCTOR, log="other/log"),
        "log.opening": opening(),
        "chain.version": entry_of(DOCTOR, version=2, prev=b"p" * 32),
        "key.unregistered": entry_of(NURSE, by="hospital/nurse"),
        "signature.wrong": forged,
        "signature.twice": entry_of(DOCTOR, DOCTOR),
        "signature.missing": entry_of(DOCTOR, by="hospital/nurse"),
        "key.registered_before": registration(DOCTOR, DOCTOR, REGISTRAR),
        "key.new_did_not_sign": registration(NURSE, REGISTRAR),
        "key.registrar_did_not_sign": registration(NURSE, NURSE),
        "key.not_in_force": registration(NURSE, DOCTOR, kind="key.revoke"),
    }
    for rule, data in broken.items():
        with pytest.raises(Broken) as caught:
            log.take(data)
        assert caught.value.rule == rule
