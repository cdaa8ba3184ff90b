"""Witnesses are fed, their cosignatures checked, and nothing is final without the quorum."""

import threading

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import override_settings

from ledger import (
    alarms,
    checkpoints,
    feeding,
    finality,
    lag,
    merkle,
    policy,
    queries,
    receipt,
    status,
    stored,
)
from ledger import note as notes
from ledger.models import Checkpoint, Contact, Cosignature, Final, Log
from ledger.policy import Policy
from ledger.publication import Refused
from tests.ledger.fed import Office, offices, says, sleeps
from tests.ledger.logs import ALog


@pytest.fixture
def watched(log, tmp_path):
    """A log, four witnesses, three of whom make a quorum."""
    with (
        offices(log, tmp_path, 4, 3) as made,
        override_settings(LEDGER_POLICY=tmp_path / "policy", LEDGER_WITNESS_TIMEOUT_S=2),
    ):
        yield log, made


def feed(log: ALog) -> None:
    row = Log.objects.get(id=log.id)
    feeding.feed(row, log.folder)
    checkpoints.publish_final(row, log.folder)


def sign(log: ALog) -> int:
    log.append("rx/1")
    log.sequence()
    head = checkpoints.advance(log.signer, log.folder)
    assert head is not None
    return head.size


def is_published(log: ALog) -> bool:
    return (log.folder / "checkpoint").exists()


def published(log: ALog) -> policy.Final:
    agreed = Policy.parse(settings.LEDGER_POLICY.read_bytes())
    return policy.final_head((log.folder / "checkpoint").read_bytes(), agreed)


def again(log: ALog) -> None:
    """As if the pauses were over."""
    Contact.objects.filter(log_id=log.id).update(next_try_at="2000-01-01T00:00Z")


def test_a_checkpoint_becomes_final_with_its_cosignatures(watched):
    """L4: published with every line, in the policy's order; receipts rest on it."""
    log, made = watched
    leaf = log.append("rx/1").leaf
    size = sign(log)
    assert not is_published(log)
    with pytest.raises(queries.NotYetPublished):
        queries.receipt_for(leaf)

    feed(log)

    final = published(log)
    assert final.head.size == size
    assert list(final.cosigned) == [one.name for one in made]
    agreed = Policy.parse(settings.LEDGER_POLICY.read_bytes())
    entry = queries.entry_by_leaf(leaf).note
    assert receipt.verify(queries.receipt_for(leaf), entry, agreed).cosigned == final.cosigned


def test_grows_from_final_to_final(watched):
    log, made = watched
    for _ in range(4):
        size = sign(log)
        feed(log)
        assert published(log).head.size == size
        assert {one.size for one in made} == {size}
    assert [one.asked for one in made] == [4] * 4


FAULTS = {
    "silent": says("500 Oops"),
    "slow": sleeps(2.5),
    "no cosignature": says("200 OK", b"thank you\n"),
    "empty": says("200 OK"),
    "endless": says("200 OK", b"x" * 200_000),
    "a redirect": says("302 Found", Location="http://127.0.0.1:1/"),
    "another size each time": says("409 Conflict", b"1\n"),
    "409 without a size": says("409 Conflict", b"seven\n"),
    "refuses": says("422 Unprocessable", b"entry 2: unlawful\n"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_bad_witness_delays_nothing(watched, name):
    """L5, F9: the quorum of three is there; the fourth is asked again after a pause."""
    log, made = watched
    made[1].fault = FAULTS[name]
    size = sign(log)

    feed(log)

    assert published(log).head.size == size
    assert made[1].name not in published(log).cosigned
    contact = Contact.objects.get(log_id=log.id, name=made[1].name)
    assert (contact.trouble != "", contact.failures) == (True, 1)
    asked = made[1].asked
    feed(log)
    assert made[1].asked == asked


@pytest.mark.parametrize("name", ["silent", "no cosignature", "refuses"])
def test_nothing_is_final_below_the_quorum_and_heals_by_itself(watched, name):
    """L5: two of four are not enough, however long it takes; writes are not lost."""
    log, made = watched
    for one in made[:2]:
        one.fault = FAULTS[name]
    sign(log)
    feed(log)
    size = sign(log)
    again(log)
    feed(log)
    assert not is_published(log)
    assert Final.objects.filter(log_id=log.id).count() == 0

    made[0].fault = lambda environ, start: None
    again(log)
    feed(log)
    assert published(log).head.size == size


def test_the_pauses_grow(watched):
    log, made = watched
    made[0].fault = FAULTS["silent"]
    sign(log)
    pauses = []
    for _ in range(5):
        again(log)
        feed(log)
        contact = Contact.objects.get(log_id=log.id, name=made[0].name)
        pauses.append((contact.next_try_at - contact.tried_at).total_seconds())
    assert contact.failures == 5
    assert pauses[-1] > 4 * pauses[0] > 0


def test_a_line_by_another_key_is_not_kept(watched):
    """K1: the answer of one witness in the name of another is worth nothing."""
    log, made = watched
    other = made[2].application
    made[1].fault = lambda environ, start: other(environ, start)
    sign(log)
    feed(log)
    names = set(Cosignature.objects.filter(log_id=log.id).values_list("name", flat=True))
    assert made[1].name not in names
    assert len(names) == 3


def test_a_witness_that_was_fed_by_others_is_caught_up_with(watched):
    """409 with a size within ours: the proof is made from there."""
    log, made = watched
    for _ in range(3):
        size = sign(log)
        feed(log)
    Contact.objects.filter(log_id=log.id).delete()  # as if we had never met
    size = sign(log)
    feed(log)
    assert set(published(log).cosigned) == {one.name for one in made}
    assert {one.size for one in made} == {size}


def test_a_witness_that_has_seen_more_stops_the_signer(watched, tmp_path):
    """L12: an older backup, with its folder; only the witnesses know better."""
    log, made = watched
    sign(log)
    feed(log)
    backup = {path: path.read_bytes() for path in log.folder.rglob("*") if path.is_file()}
    old = published(log).head.size
    for _ in range(2):
        sign(log)
        feed(log)
    for table in ("checkpoint", "final", "cosignature"):
        log.forge(f"DELETE FROM ledger_{table} WHERE log_id = %s AND size > %s", log.id, old)
    log.forge("DELETE FROM ledger_contact WHERE log_id = %s", log.id)
    for path in log.folder.rglob("*"):
        if path.is_file() and path not in backup:
            path.unlink()
    for path, content in backup.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    log.forge("DELETE FROM ledger_leaf WHERE log_id = %s AND seq >= %s", log.id, old + 1)
    edge = b"".join(_edge(log, old + 1))
    log.forge(
        "UPDATE ledger_head SET size = %s, edge = %s WHERE log_id = %s", old + 1, edge, log.id
    )
    log.forge("UPDATE ledger_head SET root = %s WHERE log_id = %s", _root(log, old + 1), log.id)
    head = checkpoints.advance(log.signer, log.folder)
    assert head is not None
    assert head.size == old + 1
    feed(log)

    assert "ahead" in set(Contact.objects.filter(log_id=log.id).values_list("trouble", flat=True))
    with pytest.raises(Refused, match="has cosigned"):
        checkpoints.advance(log.signer, log.folder)
    assert "witness.ahead" in status.look(log.origin).alarms
    assert status.acknowledge(log.origin, made[0].name)


def _edge(log: ALog, size: int) -> list[bytes]:
    return merkle.extend(0, [], merkle.split_hashes(stored.leaves(log.id, 0, size)))


def _root(log: ALog, size: int) -> bytes:
    return merkle.fold(_edge(log, size))


def test_a_policy_that_does_not_know_the_log_is_refused(watched, tmp_path):
    """P4: no silent fall-back to fewer witnesses."""
    log, _ = watched
    other = notes.Signer.generate(log.origin).verifier
    (tmp_path / "policy").write_text(f"log {other.vkey}\nquorum none\n")
    with pytest.raises(policy.BadPolicy):
        finality.agreed(Log.objects.get(id=log.id))


def test_two_feeders_at_once_ask_each_witness_once(watched):
    """R2: the second leaves the work to the first."""
    log, _ = watched
    sign(log)
    with feeding.alone(log.id) as first:
        seen = []

        def second() -> None:
            with feeding.alone(log.id) as ours:
                seen.append(ours)
            connection.close()

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert (first, seen) == (True, [False])


def test_the_lag_is_that_of_the_oldest_entry_that_is_not_final(watched):
    """L5, L17: sequenced or not; 0 when all is final; past the merge delay writes are refused."""
    log, made = watched
    sign(log)
    feed(log)
    assert lag.measured(log.origin).oldest_s == 0
    log.append("rx/2")
    assert lag.measured(log.origin).oldest_s > 0
    for one in made[:2]:
        one.fault = FAULTS["silent"]
    sign(log)
    feed(log)
    measured = lag.measured(log.origin)
    assert measured.final < measured.signed == measured.sequenced
    assert measured.oldest_s > 0
    with override_settings(LEDGER_MERGE_DELAY_S=0):
        lag._watch._asked.clear()
        with pytest.raises(lag.Lagging):
            lag.check()
        assert "ledger.lagging" in status.look(log.origin).alarms
    lag._watch._asked.clear()
    lag.check()


def test_an_alarm_stands_until_the_task_succeeds(log):
    """L1: what made a task fail is there for whoever asks."""
    with pytest.raises(Refused), alarms.watching(log.origin, "signer.refused", Refused):
        raise Refused("the head does not extend")
    assert status.look(log.origin).alarms == {"signer.refused": "the head does not extend"}
    with alarms.watching(log.origin, "signer.refused", Refused):
        pass
    assert alarms.standing(log.origin) == []


def test_final_checkpoints_are_signed_ones(watched):
    log, _ = watched
    sign(log)
    feed(log)
    final = Final.objects.get(log_id=log.id)
    signed = Checkpoint.objects.get(log_id=log.id, size=final.size)
    assert notes.parse(bytes(final.note)).text == notes.parse(bytes(signed.note)).text


def test_an_office_stands_where_it_was_fed(watched):
    log, made = watched
    size = sign(log)
    feed(log)
    assert isinstance(made[0], Office)
    assert made[0].size == size
