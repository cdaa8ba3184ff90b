"""
A pharmacy without a network: what its device believes, and what it does not.

Nothing here asks the server once the phone has its receipts.
"""

from datetime import UTC, datetime, timedelta

import pytest

from ledger import note
from ledger.policy import Policy
from pharmacy import offline
from pharmacy.codes import LIFE
from pharmacy.offline import Limits, NotGiven
from pharmacy.slips import Slip, digest_of_code
from tests.journeys import unplugged


@pytest.fixture
def rx(world, patient):
    return world.paid(patient)


@pytest.fixture
def held(patient, rx):
    return unplugged.wallet(patient, rx)


def show(world, held, code, *, files=None, at=None, **changes):
    here = unplugged.device(world, held, **changes)
    return offline.show(files or held.files, code, here, at=at or datetime.now(UTC))


def refused(code, *args, **kwargs):
    with pytest.raises(NotGiven) as refusal:
        show(*args, **kwargs)
    assert refusal.value.code == code


def test_it_reads_what_was_prescribed_and_signs_what_it_gives(world, patient, held):
    code = world.code(patient, held.rx)
    shown = show(world, held, code)
    assert shown.quantities == unplugged.GIVEN
    assert shown.lines["1"]["generic_name"] == world.medicines[0].generic_name
    brought = unplugged.gives(world, patient, held)
    parsed = note.parse(brought["slip"].encode())
    slip = Slip.parse(parsed.text)
    assert (slip.subject, slip.lines) == (unplugged.subject(held.rx), unplugged.GIVEN)
    assert slip.code == digest_of_code(brought["code"])
    assert note.verified_by(parsed, [world.pharmacist.signer.verifier])


def test_of_a_prescription_that_is_not_paid_nothing_is_given(world, patient):
    rx = world.authorized(patient)
    held = unplugged.wallet(patient, rx)
    refused("receipt.not_paid", world, held, world.code(patient, rx))


def test_of_one_that_is_not_authorized_nothing_is_given(world, patient):
    rx = world.approved(patient)
    held = unplugged.wallet(patient, rx)
    refused("receipt.not_authorized", world, held, world.code(patient, rx))


def test_an_entry_left_out_is_noticed(world, patient, held):
    """L2: the last ones are the only ones that a phone can hide."""
    code = world.code(patient, held.rx)
    for left_out in range(len(held.files) - 1):
        files = held.files[:left_out] + held.files[left_out + 1 :]
        refused("receipt.invalid", world, held, code, files=files)
    refused("receipt.invalid", world, held, code, files=[*held.files[:-1], held.files[0]])
    refused("receipt.not_paid", world, held, code, files=held.files[:-1])


def test_what_was_taken_back_and_shown_so_is_not_given(world, patient, rx):
    patient.client.command(f"/api/prescriptions/{rx}/withdraw")
    held = unplugged.wallet(patient, rx)
    refused("receipt.not_paid", world, held, world.code(patient, rx))


def test_receipts_that_too_few_witnesses_cosigned_are_none(world, patient, held):
    other = note.Signer.generate("else.example/log").verifier.vkey
    foreign = Policy.parse(f"log {other}\nquorum none\n".encode())
    refused("receipt.invalid", world, held, world.code(patient, held.rx), policy=foreign)


def test_another_pharmacys_patient_is_sent_there(world, patient, held):
    """R12: neither with a code for here nor with the code for there."""
    elsewhere = world.other_pharmacy.slug
    code = world.code(patient, held.rx, pharmacy=elsewhere)
    refused("receipt.other_pharmacy", world, held, code, pharmacy=elsewhere)
    refused("code.other_pharmacy", world, held, code)


@pytest.mark.parametrize(
    ("after", "code"),
    [
        (timedelta(0), ""),
        (LIFE - timedelta(seconds=1), ""),
        (LIFE + timedelta(seconds=1), "code.expired"),
        (timedelta(minutes=-5), "code.too_early"),
    ],
)
def test_the_code_is_as_short_lived_as_at_any_counter(world, patient, held, after, code):
    made = world.code(patient, held.rx)
    at = datetime.now(UTC) + after
    if code:
        refused(code, world, held, made, at=at)
    else:
        assert show(world, held, made, at=at)


def test_a_code_is_taken_once(world, patient, held):
    made = world.code(patient, held.rx)
    refused("code.used", world, held, made, taken=[digest_of_code(made)])


def test_what_was_given_here_already_is_not_given_again(world, patient, held):
    """R2: the patient comes back to the same counter with another code."""
    code = world.code(patient, held.rx)
    leaf = show(world, held, code).leaf
    refused("offline.given", world, held, world.code(patient, held.rx), given_on=[leaf])


def test_only_the_phone_that_authorized_it_fetches_it(world, patient, held):
    """K1, Z6: whoever has copied the receipts has no code."""
    stranger = world.a_patient()
    refused("code.other_key", world, held, world.code(stranger, held.rx))
    code = world.code(patient, held.rx)
    refused("code.invalid", world, held, code.replace("code/v", "code/w"))
    name = code.rpartition("\u2014")[2].split()[0]
    assert name == patient.client.key_name


def test_a_phone_that_does_not_open_the_lines_gets_nothing(world, patient, rx):
    held = unplugged.wallet(patient, rx, opened=False)
    refused("receipt.not_opened", world, held, world.code(patient, rx))


def test_dear_ones_wait(world, patient, held):
    """To the fen."""
    (bill,) = [one.facts["bill"] for one in unplugged.proven_by(held) if "bill" in one.facts]
    total = bill["total_fen"]
    code = world.code(patient, held.rx)
    assert show(world, held, code, limits=Limits(total))
    refused("offline.amount", world, held, code, limits=Limits(total - 1))


def test_what_ends_before_the_slip_is_brought_in_waits(world, patient, held):
    """F11: a day before its end, to the microsecond."""
    end = datetime.fromisoformat(unplugged.proven_by(held)[0].facts["valid_until"])
    life = end - datetime.now(UTC)
    code = world.code(patient, held.rx, life=life - offline.RECONCILE + timedelta(minutes=1))
    assert show(world, held, code, at=end - offline.RECONCILE)
    late = end - offline.RECONCILE + timedelta(microseconds=1)
    refused("offline.ends_soon", world, held, code, at=late)


def test_exactly_what_was_prescribed_is_given(world, patient, held):
    code = world.code(patient, held.rx)
    shown, here = show(world, held, code), unplugged.device(world, held)
    for lines in ({"1": 1}, {"1": 2, "2": 1}, {"1": 1, "2": 1, "3": 1}):
        with pytest.raises(NotGiven) as refusal:
            offline.slip(shown, code, lines, here, at=datetime.now(UTC))
        assert refusal.value.code == "offline.quantity"
