"""Whoever misuses a patient's code is refused, each with its code, and written down."""

import os
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ledger import note
from pharmacy import codes
from pharmacy.codes import Kind
from pharmacy.models import Scan
from tests.journeys import recovering, writes
from tests.journeys.scanning import (
    BORN,
    PRINTED,
    a_code,
    elsewhere,
    refusals_of,
    refused_as,
    scan,
    signed,
)
from tests.journeys.test_devices import further
from tests.journeys.watching import count_entries
from tests.openings import watched

MINUTES = timedelta(minutes=1)


def at_another_pharmacy(w, p, rx):
    """A photo of the code."""
    return w.other_pharmacist, {"code": w.code(p, rx)}


def by_a_thief_first(w, p, rx):
    """A photo of the code, used at the same counter; the patient comes second."""
    code = w.code(p, rx)
    scan(w.second_pharmacist, code)
    return w.pharmacist, {"code": code}


def a_second_time(w, p, rx):
    code = w.code(p, rx)
    scan(w.pharmacist, code)
    return w.pharmacist, {"code": code}


def after_dispensing(w, p, rx):
    code = w.code(p, rx)
    scan(w.pharmacist, code)
    w.pharmacist.command(writes.of(rx, "dispense"), {"lines": {"1": 1, "2": 1}})
    return w.pharmacist, {"code": code}


def anew_after_dispensing(w, p, rx):
    after_dispensing(w, p, rx)
    return w.pharmacist, {"code": w.code(p, rx)}


def after_withdrawal(w, p, rx):
    code = w.code(p, rx)
    p.client.command(writes.of(rx, "withdraw"))
    return w.pharmacist, {"code": code}


def after_it_went_elsewhere(w, p, rx):
    code = w.code(p, rx)
    elsewhere(w, p, rx, w.other_pharmacy)
    return w.pharmacist, {"code": code}


def with_one_of_two_withdrawn(w, p, rx):
    other = w.paid(p)
    code = w.code(p, rx, more=[other])
    p.client.command(writes.of(other, "withdraw"))
    return w.pharmacist, {"code": code}


def by_a_revoked_phone(w, p, rx):
    code = w.code(p, rx)
    old, p.client.signer = p.client.key_name, further(p)
    p.client.enter_with_key()
    p.client.command("/api/keys/revoke", {"name": old})
    return w.pharmacist, {"code": code}


def by_a_phone_that_waits(w, p, rx):
    new, _ = recovering.recovered(w, p)
    return w.pharmacist, {"code": w.code(new, rx)}


def by_a_phone_that_is_being_replaced(w, p, rx):
    recovering.recovered(w, p)
    return w.pharmacist, {"code": w.code(p, rx)}


def by_another_patient(w, p, rx):
    return w.pharmacist, {"code": w.code(w.other_patient, rx)}


def with_anothers_among_them(w, p, rx):
    return w.pharmacist, {"code": w.code(p, rx, more=[w.paid(w.other_patient)])}


def by_an_unknown_key(w, p, rx):
    signer = note.Signer("somebody/else", os.urandom(32))
    return w.pharmacist, {"code": note.sign(a_code(w, rx).text(), signer).decode()}


def forged(w, p, rx):
    signer = note.Signer(p.client.key_name, os.urandom(32))
    return w.pharmacist, {"code": note.sign(a_code(w, rx).text(), signer).decode()}


def with_a_byte_changed(w, p, rx):
    made = a_code(w, rx, nonce="A" * 24)
    return w.pharmacist, {"code": signed(p.client, made).replace("A" * 24, "A" * 23 + "B")}


def for_another_prescription(w, p, rx):
    """The signature of one put under the text of another."""
    code = w.code(p, rx).replace(UUID(rx).hex, UUID(w.paid(p)).hex)
    return w.pharmacist, {"code": code}


def of_another_log(w, p, rx):
    return w.pharmacist, {"code": signed(p.client, a_code(w, rx, origin="another.example/log"))}


def of_nothing(w, p, rx):
    return w.pharmacist, {"code": signed(p.client, a_code(w, str(uuid4())))}


def in_the_old_spelling(w, p, rx):
    text = a_code(w, rx).text().decode().replace("code/v2", "code/v1")
    return w.pharmacist, {"code": p.client.sign(text)}


def noise(w, p, rx):
    return w.pharmacist, {"code": "https://example.com/advertisement"}


def by_a_phone_that_is_slow(w, p, rx):
    return w.pharmacist, {"code": w.code(p, rx, life=codes.LIFE - 5 * MINUTES)}


def by_a_phone_that_is_fast(w, p, rx):
    return w.pharmacist, {"code": w.code(p, rx, life=codes.LIFE + 5 * MINUTES)}


def a_week_on_a_screen(w, p, rx):
    return w.pharmacist, {"code": w.code(p, rx, life=timedelta(days=7))}


def on_paper_and_never_registered(w, p, rx):
    return w.pharmacist, {"code": w.code(p, rx, kind=Kind.PAPER), "born": BORN}


def on_paper_without_a_birth_date(w, p, rx):
    return w.pharmacist, {"code": w.printed(p, rx)[0]}


def on_paper_by_who_does_not_know_the_date(w, p, rx):
    return w.pharmacist, {"code": w.printed(p, rx)[0], "born": "1960-05-18"}


def on_paper_at_another_pharmacy(w, p, rx):
    return w.other_pharmacist, {"code": w.printed(p, rx)[0], "born": BORN}


def on_paper_a_second_time(w, p, rx):
    code, _ = w.printed(p, rx)
    scan(w.second_pharmacist, code, born=BORN)
    return w.pharmacist, {"code": code, "born": BORN}


def on_paper_that_is_lost(w, p, rx):
    code, made = w.printed(p, rx)
    p.client.write(f"{PRINTED}/{made['id']}/lose", {})
    return w.pharmacist, {"code": code, "born": BORN}


def on_paper_that_was_replaced(w, p, rx):
    code, _ = w.printed(p, rx, w.paid(p))
    w.printed(p, rx)
    return w.pharmacist, {"code": code, "born": BORN}


def on_paper_after_a_withdrawal(w, p, rx):
    """Though the same pharmacy was chosen again."""
    code, _ = w.printed(p, rx)
    elsewhere(w, p, rx, w.pharmacy)
    return w.pharmacist, {"code": code, "born": BORN}


def on_paper_that_is_locked(w, p, rx):
    code, _ = w.printed(p, rx)
    for day in range(1, 6):
        wrong = {"code": code, "born": f"1961-01-0{day}"}
        assert refused_as(w.pharmacist, wrong)[1] == "code.wrong_birth_date"
    return w.pharmacist, {"code": code, "born": BORN}


# fmt: off
MISUSE = {
    at_another_pharmacy:                    (403, "code.other_pharmacy"),
    by_a_thief_first:                       (409, "code.used"),
    a_second_time:                          (409, "code.used"),
    after_dispensing:                       (409, "code.used"),
    anew_after_dispensing:                  (409, "prescription.wrong_state"),
    after_withdrawal:                       (403, "access.wrong_pharmacy"),
    after_it_went_elsewhere:                (403, "access.wrong_pharmacy"),
    with_one_of_two_withdrawn:              (403, "access.wrong_pharmacy"),
    by_a_revoked_phone:                     (403, "key.revoked"),
    by_a_phone_that_waits:                  (403, "key.waiting"),
    by_a_phone_that_is_being_replaced:      (403, "key.suspended"),
    by_another_patient:                     (403, "access.wrong_patient"),
    with_anothers_among_them:               (403, "access.wrong_patient"),
    by_an_unknown_key:                      (403, "key.unknown"),
    forged:                                 (403, "signature.invalid"),
    with_a_byte_changed:                    (403, "signature.invalid"),
    for_another_prescription:               (403, "signature.invalid"),
    of_another_log:                         (403, "code.other_log"),
    of_nothing:                             (404, "prescription.unknown"),
    in_the_old_spelling:                    (422, "code.invalid"),
    noise:                                  (422, "code.invalid"),
    by_a_phone_that_is_slow:                (410, "code.expired"),
    by_a_phone_that_is_fast:                (409, "code.too_early"),
    a_week_on_a_screen:                     (409, "code.too_early"),
    on_paper_and_never_registered:          (404, "code.not_registered"),
    on_paper_without_a_birth_date:          (422, "code.birth_date_needed"),
    on_paper_by_who_does_not_know_the_date: (403, "code.wrong_birth_date"),
    on_paper_at_another_pharmacy:           (403, "code.other_pharmacy"),
    on_paper_a_second_time:                 (409, "code.used"),
    on_paper_that_is_lost:                  (410, "code.ended"),
    on_paper_that_was_replaced:             (410, "code.ended"),
    on_paper_after_a_withdrawal:            (410, "code.ended"),
    on_paper_that_is_locked:                (423, "code.locked"),
}
# fmt: on
WRITTEN_DOWN = (403, 404, 409, 410)


@pytest.mark.parametrize(
    ("story", "told"), MISUSE.items(), ids=lambda one: getattr(one, "__name__", "")
)
def test_a_code_is_misused(world, patient, story, told):
    """T9, R12, K1, K2, K3, Z1, Z3: refused with its code, nothing opened, and written down."""
    by, body = story(world, patient, world.paid(patient))
    before = (Scan.objects.count(), count_entries(kind="record.view"))
    written, counted = count_entries(kind="record.refuse"), refusals_of(by)
    with watched() as watch:
        assert refused_as(by, body) == told
    assert (Scan.objects.count(), count_entries(kind="record.view")) == before
    assert watch.opened == []
    assert count_entries(kind="record.refuse") == written + (told[0] in WRITTEN_DOWN)
    assert refusals_of(by) == counted + 1
