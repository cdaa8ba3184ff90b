"""The checker of the invariants has teeth: what is broken on purpose is named."""

import base64
import json
from collections.abc import Iterator

import pytest
from django.db import connection

from tests import appraised, consented, contents, disputed, invariants, secrecy, talks
from tests.journeys import sampled, writes
from tests.ledger.logs import rolled_back

SABOTAGE = {
    "a status without its entry": "UPDATE prescriptions_prescription SET status = 'cancelled'"
    " WHERE id = %s",
    "a step back": "UPDATE prescriptions_prescription SET status = 'in_transit' WHERE id = %s",
    "a shelf that keeps too much": "UPDATE pharmacy_stockitem SET reserved = reserved + 1"
    " WHERE id IN (SELECT item_id FROM pharmacy_reservation WHERE prescription_id = %s)",
    "goods that were not taken": "UPDATE pharmacy_reservation SET state = 'held'"
    " WHERE prescription_id = %s",
    "more given out than prescribed": "UPDATE pharmacy_dispensing SET lines = '{\"1\": 9}'"
    " WHERE prescription_id = %s",
    "a bill that is open again": "UPDATE insurance_bill SET state = 'open'"
    " WHERE prescription_id = %s",
    "a share that nobody signed": "UPDATE insurance_bill SET total_fen = total_fen + 1,"
    " patient_fen = patient_fen + 1 WHERE prescription_id = %s",
    "a claim on more than the share": "UPDATE insurance_claim SET claimed_fen = claimed_fen + 1"
    " WHERE bill_id IN (SELECT id FROM insurance_bill WHERE prescription_id = %s)",
    "a claim that was settled for less": "UPDATE insurance_claim SET approved_fen = 1"
    " WHERE bill_id IN (SELECT id FROM insurance_bill WHERE prescription_id = %s)",
    "a payment that was forgotten": "DELETE FROM insurance_payment"
    " WHERE bill_id IN (SELECT id FROM insurance_bill WHERE prescription_id = %s)",
}


def found() -> set[str]:
    """Everything but the log, which has tests of its own."""
    ways = invariants._ways()
    parts: tuple[Iterator[str], ...] = (
        invariants.the_prescriptions(ways),
        invariants.the_shelves(),
        invariants.the_money(ways),
        invariants.the_claims(ways),
    )
    return {fault for part in parts for fault in part}


def test_names_whatever_is_broken(world, patient):
    """A settled prescription is sound; each sabotage of it is a new fault."""
    ready = writes.settle(world, patient)
    ready.by.write(ready.path, ready.body)
    assert not invariants.come_to_rest()
    before = found()
    assert not [fault for fault in before if ready.rx.replace("-", "") in fault]

    unseen = []
    for name, sql in SABOTAGE.items():
        with rolled_back():
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE pharmacy_dispensing DISABLE TRIGGER never_more")
                cursor.execute(sql, [ready.rx])
                assert cursor.rowcount > 0, name
            if found() <= before:
                unseen.append(name)

    assert unseen == []
    assert found() == before


TALK = "UPDATE consultations_consultation SET "
WORDS = "UPDATE consultations_message SET "
OF_TALKS = {
    "open again": f"{TALK} state = 'open' WHERE id = %s",
    "a message that was not counted": f"{TALK} messages_count = 1 WHERE id = %s",
    "a gap in the messages": f"{WORDS} number = 9 WHERE number = 2 AND consultation_id = %s",
    "messages in another order": f"{WORDS} number = 3 - number WHERE consultation_id = %s",
    "a message that says something else": "UPDATE hospital_sealedrecord"
    " SET commitment = sha256(commitment) WHERE id IN"
    " (SELECT record_id FROM consultations_message WHERE number = 1 AND consultation_id = %s)",
}


def test_names_whatever_is_broken_of_a_consultation(world, patient):
    """L10: nobody alters, adds, drops or reorders a message once the doctor has closed."""
    talk = world.answered(patient)
    world.doctor.command(f"/api/consultations/{talk}/close")
    assert not invariants.come_to_rest()
    before = set(talks.faults(invariants._ways()))
    assert before == set()

    unseen = []
    for name, sql in OF_TALKS.items():
        with rolled_back(), connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE consultations_message DROP CONSTRAINT message_numbered_once"
            )
            cursor.execute(sql, [talk])
            assert cursor.rowcount > 0, name
            if set(talks.faults(invariants._ways())) <= before:
                unseen.append(name)

    assert unseen == []


OF_CONSENTS = {
    "in force again": "UPDATE hospital_grant SET withdrawn_at = NULL WHERE id = %(grant)s",
    "no longer there": "DELETE FROM hospital_grant WHERE id = %(grant)s",
    "never judged": "UPDATE hospital_emergency SET verdict = '', reviewed_at = NULL,"
    " reviewer_id = NULL WHERE id = %(emergency)s",
}


def test_names_whatever_is_broken_of_a_consent(world, patient):
    """L10: a grant is withdrawn, and an emergency judged, exactly if the log says so."""
    ready = writes.withdraw_grant(world, patient)
    ready.by.write(ready.path, ready.body)
    judging = writes.review_emergency(world, patient)
    judging.by.write(judging.path, judging.body)
    ids = {"grant": ready.path.split("/")[-2], "emergency": judging.path.split("/")[-2]}
    assert not invariants.come_to_rest()
    before = set(consented.faults(invariants._ways()))
    assert before == set()

    unseen = []
    for name, sql in OF_CONSENTS.items():
        with rolled_back(), connection.cursor() as cursor:
            cursor.execute(sql, ids)
            assert cursor.rowcount > 0, name
            if set(consented.faults(invariants._ways())) <= before:
                unseen.append(name)

    assert unseen == []


OURS = "UPDATE corrections_correction SET "
REWRITTEN = "UPDATE hospital_sealedrecord SET commitment = sha256(commitment) WHERE id ="
OF_CORRECTIONS = {
    "decided otherwise": f"{OURS} state = 'turned' WHERE id = %s",
    "no longer there": "DELETE FROM corrections_correction WHERE id = %s",
    **{
        f"another {words}": f"{REWRITTEN}"
        f" (SELECT {words}_id FROM corrections_correction WHERE id = %s)"
        for words in ("of", "request", "answer", "appeal")
    },
}


def test_names_whatever_is_broken_of_a_correction(world, patient):
    """L10: nobody puts other words beside a record, or another record under them."""
    deciding = writes.uphold(world, patient)
    deciding.by.write(deciding.path, deciding.body)
    correction = deciding.path.split("/")[-2]
    assert not invariants.come_to_rest()
    before = set(disputed.faults(invariants._ways()))
    assert before == set()

    unseen = []
    for name, sql in OF_CORRECTIONS.items():
        with rolled_back(), connection.cursor() as cursor:
            cursor.execute(sql, [correction])
            assert cursor.rowcount > 0, name
            if set(disputed.faults(invariants._ways())) <= before:
                unseen.append(name)

    assert unseen == []


CASE = "UPDATE appraisal_case SET "
OF_APPRAISALS = {
    "a judgement that nobody signed": f"{CASE} verdict = 'reasonable', reviewer_id = (SELECT"
    " doctor_id FROM prescriptions_prescription WHERE id = %(open)s), judged_at = now()"
    " WHERE prescription_id = %(open)s",
    "a judgement that is gone": f"{CASE} verdict = '', problems = '[]', reviewer_id = NULL,"
    " judged_at = NULL WHERE prescription_id = %(judged)s",
    "a lighter class": f"{CASE} verdict = 'irregular' WHERE prescription_id = %(judged)s",
    "another problem": f"{CASE} problems = '[\"2-6\"]' WHERE prescription_id = %(judged)s",
    "a case that is gone": "DELETE FROM appraisal_case WHERE prescription_id = %(judged)s",
    "another draw": "UPDATE appraisal_draw SET seed = sha256(seed) WHERE id = (SELECT draw_id"
    " FROM appraisal_sample s JOIN appraisal_case c ON c.sample_id = s.id"
    " WHERE c.prescription_id = %(judged)s)",
    "a sample that is too small": "DELETE FROM appraisal_case WHERE prescription_id = %(open)s",
}


def test_names_whatever_is_broken_of_an_appraisal(world, patient):
    """L10: a prescription is judged exactly as a reviewer has signed, in the sample of the draw."""
    ready = writes.judge(world, patient)
    ready.by.write(ready.path, ready.body)
    ids = {"judged": ready.rx, "open": sampled.one(world, patient)}
    assert not invariants.come_to_rest()
    before = set(appraised.faults(invariants._ways()))
    assert before == set()

    unseen = []
    for name, sql in OF_APPRAISALS.items():
        with rolled_back(), connection.cursor() as cursor:
            cursor.execute(sql, ids)
            assert cursor.rowcount > 0, name
            if set(appraised.faults(invariants._ways())) <= before:
                unseen.append(name)

    assert unseen == []


RX, QUESTION = "UPDATE prescriptions_prescription SET ", "UPDATE prescriptions_changerequest SET "
OF_CONTENTS = {
    "other quantities": f"{RX} quantities = '{{\"1\": 9}}' WHERE id = %s",
    "a later end": f"{RX} valid_until = valid_until + interval '1 day' WHERE id = %s",
    "a former content that is gone": "DELETE FROM prescriptions_version WHERE prescription_id = %s",
    "a former content that says something else": "UPDATE hospital_sealedrecord"
    " SET commitment = sha256(commitment) WHERE id IN"
    " (SELECT record_id FROM prescriptions_version WHERE prescription_id = %s)",
    "another answer": f"{QUESTION} answer = 'withdrawn' WHERE prescription_id = %s",
    "another question": "UPDATE hospital_sealedrecord"
    " SET commitment = sha256(commitment) WHERE id IN"
    " (SELECT record_id FROM prescriptions_changerequest WHERE prescription_id = %s)",
}


def test_names_whatever_is_broken_of_a_content(world, patient):
    """L10: contents, ends and questions are those that somebody has signed."""
    ready = writes.change(world, patient)
    ready.by.write(ready.path, ready.body)
    assert not invariants.come_to_rest()
    before = set(contents.faults(invariants._ways()))
    assert not [fault for fault in before if ready.rx.replace("-", "") in fault]

    unseen = []
    for name, sql in OF_CONTENTS.items():
        with rolled_back(), connection.cursor() as cursor:
            cursor.execute(sql, [ready.rx])
            assert cursor.rowcount > 0, name
            if set(contents.faults(invariants._ways())) <= before:
                unseen.append(name)

    assert unseen == []


@pytest.mark.parametrize("around", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("canary", ["韦例安", "45020019580312999X", "广西柳州市示例路1号"])
def test_finds_a_canary_in_every_spelling(tmp_path, canary, around):
    """P1: plain, JSON-escaped, in other encodings, inside of base64 at any offset."""
    patterns, folder = tmp_path / "patterns", tmp_path / "files"
    patterns.write_bytes(b"\n".join(sorted(secrecy.spellings(canary))) + b"\n")
    folder.mkdir()
    text = f"{around}{canary}{around}"
    samples = {"plain": text.encode(), "gbk": text.encode("gb18030")}
    samples["utf16"] = f"{canary}{around}".encode("utf-16-le")
    samples["json"] = json.dumps({"a": text}).encode()
    samples["base64"] = base64.b64encode(text.encode())
    for name, content in samples.items():
        (folder / name).write_bytes(b"\x00\xff" + content + b"\n")
    (folder / "innocent").write_bytes(b"nothing to see")

    named = " ".join(secrecy._found(patterns, folder))

    assert [name for name in samples if f"/{name}:" not in named] == []
    assert "innocent" not in named
