"""Whatever a witness answers, feeding goes on, and nothing is kept that is no cosignature."""

import pytest
from django.test.utils import override_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger import checkpoints, cosignature, feeding, note
from ledger.models import Contact, Cosignature, Log
from ledger.policy import Witness
from tests.ledger.fed import offices
from tests.ledger.fuzzing import damaged, noise
from tests.ledger.logs import ALog
from tests.ledger.witnessed import NOON_S, WatchedLog

WATCHED = WatchedLog()
LIAR = WATCHED.witnesses[0]
WITNESS = Witness(LIAR.verifier.name, LIAR.verifier, "http://127.0.0.1:1")
CHECKPOINT = note.sign(note.parse(WATCHED.checkpoint()).text, WATCHED.key)
TEXT = note.parse(CHECKPOINT).text
RIGHT = f"{LIAR.cosign(TEXT, NOON_S)}\n".encode()
LONGER = b"and more\n"


def lie(text: bytes, key: cosignature.Cosigner) -> bytes:
    """A cosignature of a longer text, in an answer that contains the rest of that text."""
    line = key.cosign(text + b"\n" + LONGER, NOON_S)
    return LONGER + b"\n" + line.encode() + b"\n"


def kept(body: bytes) -> str:
    return feeding._cosigned(WITNESS, 0, 2, CHECKPOINT, body).line


def test_a_cosignature_is_kept():
    assert kept(RIGHT) == RIGHT.decode().removesuffix("\n")


def test_of_two_cosignatures_the_later_one_is_kept():
    """L4: the time that is stored is that of the line."""
    later = f"{LIAR.cosign(TEXT, NOON_S + 9)}\n".encode()
    for body in (RIGHT + later, later + RIGHT):
        told = feeding._cosigned(WITNESS, 0, 2, CHECKPOINT, body)
        assert (told.line, told.at_s) == (later.decode().removesuffix("\n"), NOON_S + 9)


@given(st.one_of(noise(), damaged((RIGHT, lie(TEXT, LIAR)))))
@example(lie(TEXT, LIAR))
@settings(deadline=None)
def test_no_answer_crashes_the_feeder_and_only_cosignatures_are_kept(body: bytes):
    """L4, D4: a line that is kept holds under the log's checkpoint and under nothing else."""
    size, _, _ = feeding._conflict(0, 2, body)
    assert 0 <= size <= 2
    if line := kept(body):
        whole = note.parse(note.assemble(TEXT, [WATCHED.key.sign(TEXT), line]))
        assert cosignature.cosigned_by(whole, [LIAR.verifier])


def lies(key: cosignature.Cosigner, asked: bytes) -> tuple[str, bytes]:
    """It cosigns a longer text than the checkpoint's, and answers with the rest of it."""
    return "200 OK", lie(note.parse(asked.partition(b"\n\n")[2]).text, key)


def babbles(key: cosignature.Cosigner, asked: bytes) -> tuple[str, bytes]:
    """It answers with bytes that no database keeps as text."""
    return "500 Internal Server Error", b"out of \0 memory \xff"


@pytest.mark.parametrize("speaks", [lies, babbles])
def test_one_bad_witness_does_not_keep_the_others_from_making_a_head_final(
    log: ALog, tmp_path, speaks
):
    """L4: whatever one of four says, three suffice, and its words are kept."""
    with (
        offices(log, tmp_path, 4, 3) as made,
        override_settings(LEDGER_POLICY=tmp_path / "policy", LEDGER_WITNESS_TIMEOUT_S=5),
    ):
        (key,) = made[0].home.cosigners("witness")

        def fault(environ, start):
            asked = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            status, answer = speaks(key, asked)
            start(status, [("Content-Length", str(len(answer)))])
            return [answer]

        made[0].fault = fault
        log.sequence()
        checkpoints.advance(log.signer, log.folder)
        row = Log.objects.get(id=log.id)
        feeding.feed(row, log.folder)
        assert checkpoints.publish_final(row, log.folder) is not None
    names = Cosignature.objects.filter(log_id=log.id).values_list("name", flat=True)
    assert made[0].name not in set(names)
    assert Contact.objects.get(log_id=log.id, name=made[0].name).trouble == "silent"
