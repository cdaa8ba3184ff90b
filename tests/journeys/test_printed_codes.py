"""A code on paper: good once, for who knows the patient's birth date, until it is lost."""

from datetime import datetime, timedelta
from uuid import uuid4

import segno

from hospital.roles import Role
from hospital.units import SHANGHAI
from pharmacy.codes import Kind
from pharmacy.models import PrintedCode, ScanRefusals
from tests.journeys.guarding import authorizes, guarded, refused
from tests.journeys.scanning import BORN, PRINTED, SCANS, last_look, refused_as, scan
from tests.journeys.watching import at_once, raw
from tests.ledger.test_paper import scanned
from tests.world import a_member

NOT_REGISTERED = (404, "code.not_registered")


def test_a_paper_is_printed_and_somebody_brings_it(world, patient):
    """Z3: the neighbour fetches, and tells the birth date; the look says that it was the paper."""
    rx, other = world.paid(patient), world.paid(patient)
    code, made = world.printed(patient, rx, other)
    until = datetime.fromisoformat(made["ends_at"]).astimezone(SHANGHAI)
    assert made["sheet"] == [
        "取药凭证",
        f"药房：{world.pharmacy.name}",
        "处方：2张",
        f"有效期：{until.strftime('%Y年%-m月%-d日%H:%M')}前，只能使用一次",
        "取药时，请向药师说出患者的出生日期。",
        "请妥善保管，不要拍照外传。",
        "如有遗失，请用手机挂失；重新打印后，本凭证作废。",
        f"凭证编号：{made['id'].replace('-', '')[:8]}",
    ]
    brought = scan(world.pharmacist, code, born=BORN)
    assert {one["prescription"] for one in brought} == {rx, other}
    for one in brought:
        world.pharmacist.get(f"{SCANS}/{one['id']}")
        assert last_look()["basis"] == "printed_code"
    (listed,) = patient.client.get(PRINTED)["printed"]
    assert (listed["id"], listed["ending"], listed["wrong_birth_dates"]) == (made["id"], "used", 0)


def test_the_picture_on_the_paper_is_the_code(world, patient):
    """Whatever scanner reads it: drawn by us, read by another program."""
    code, made = world.printed(patient, *(world.paid(patient) for _ in range(2)))
    drawn = segno.make_qr(code, error="m", mode="byte", encoding="utf-8", boost_error=False)
    assert made["svg"] == drawn.svg_inline(scale=4)
    assert scanned(drawn) == code


def test_the_sheet_names_nobody_and_nothing(world, patient):
    """P1: whoever finds it learns no name, date of birth, medicine or illness."""
    rx = world.paid(patient)
    code, made = world.printed(patient, rx)
    sheet = code + "".join(made["sheet"])
    lines = world.medicines[:2]
    for word in ("测试患者", "1960", *(one.generic_name for one in lines), "J06"):
        assert word not in sheet.replace(world.pharmacy.name, "")


def test_a_guardians_phone_prints_for_the_ward(world, mother, child):
    """Z11: the ward is told; when the guardianship is over, so is the paper."""
    by = guarded(mother, child)
    rx = world.approved(child)
    authorizes(world, by, rx)
    world.pay(by, rx)
    code, made = world.printed(by, rx)
    assert refused(mother.client.write, f"{PRINTED}/{made['id']}/lose", {}) == NOT_REGISTERED
    told = {one["kind"] for one in child.client.get("/api/me/notices")["notices"]}
    assert "guardian.acted" in told
    (listed,) = by.client.get(PRINTED)["printed"]
    assert listed["id"] == made["id"]
    scan(world.pharmacist, code, born=child.born)


def test_who_may_not_print(world, patient):
    """K1, Z1: others, for other pharmacies, what nobody has, what is for a screen."""
    rx, other = world.paid(patient), world.other_patient

    def tried(by, code):
        return refused(by.client.write, PRINTED, {"code": code})

    paper = {"kind": Kind.PAPER}
    assert tried(other, world.code(patient, rx, **paper)) == (403, "key.not_yours")
    assert tried(other, world.code(other, rx, **paper)) == (403, "access.wrong_patient")
    assert tried(patient, world.code(patient, rx)) == (422, "code.not_for_paper")
    at = world.other_pharmacy.slug
    assert tried(patient, world.code(patient, rx, pharmacy=at, **paper)) == (
        403,
        "code.other_pharmacy",
    )
    early = world.code(patient, world.approved(patient), **paper)
    assert tried(patient, early) == (409, "prescription.wrong_state")
    long = world.code(patient, rx, life=timedelta(days=8), **paper)
    assert tried(patient, long) == (409, "code.too_early")
    twice = world.code(patient, rx, **paper)
    patient.client.write(PRINTED, {"code": twice})
    assert tried(patient, twice) == (409, "code.used")


def test_a_paper_is_lost_once(world, patient):
    """Z1: and by whose it is."""
    _, made = world.printed(patient, world.paid(patient))
    path = f"{PRINTED}/{made['id']}/lose"
    assert refused(world.other_patient.client.write, path, {}) == NOT_REGISTERED
    assert patient.client.write(path, {})["ending"] == "lost"
    assert refused(patient.client.write, path, {}) == (410, "code.ended")


def test_another_paper_ends_the_older_for_all_that_it_named(world, patient):
    """R5: of two papers for one prescription the newer is good."""
    one, two = world.paid(patient), world.paid(patient)
    old, made = world.printed(patient, one, two)
    new, _ = world.printed(patient, one)
    assert refused_as(world.pharmacist, {"code": old, "born": BORN}) == (410, "code.ended")
    assert PrintedCode.objects.get(id=made["id"]).ending == "replaced"
    scan(world.pharmacist, new, born=BORN)
    scan(world.pharmacist, world.code(patient, two))


def test_five_birth_dates_and_no_sixth_however_fast_they_come(world, patient):
    """T9, R1: eight guesses at one moment are five; the right date comes too late."""
    code, made = world.printed(patient, world.paid(patient))
    staff = [a_member(Role.PHARMACIST, world.pharmacy) for _ in range(8)]
    tries = at_once(
        *[
            lambda by=by, day=day: scan(by, code, born=f"1961-01-0{day}")
            for day, by in enumerate(staff, 1)
        ]
    )
    assert sorted(one.code for one in tries) == (
        ["code.locked"] * 3 + ["code.wrong_birth_date"] * 5
    )
    assert refused_as(world.pharmacist, {"code": code, "born": BORN}) == (423, "code.locked")
    paper = PrintedCode.objects.get(id=made["id"])
    assert (paper.failures, paper.ending) == (5, "locked")
    code, _ = world.printed(patient, world.paid(patient))
    scan(world.pharmacist, code, born=BORN)


def test_nobody_elsewhere_spends_a_papers_tries(world, patient):
    """Z1: a photo of it in another town."""
    code, made = world.printed(patient, world.paid(patient))
    for _ in range(6):
        wrong = {"code": code, "born": "1961-01-01"}
        assert refused_as(world.other_pharmacist, wrong) == (403, "code.other_pharmacy")
    assert PrintedCode.objects.get(id=made["id"]).failures == 0
    scan(world.pharmacist, code, born=BORN)


def test_an_answer_that_was_lost_is_given_again(world, patient):
    """I2, I7: the same key, the same scans, though the paper is spent."""
    code, _ = world.printed(patient, world.paid(patient))
    key, body = uuid4().hex, {"code": code, "born": BORN}
    first, again = (raw(world.pharmacist, "POST", SCANS, key=key, body=body) for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert not ScanRefusals.objects.exists()
