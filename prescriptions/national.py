"""
Read a prescription in the shape that the national e-prescription centre takes (D001, uploadChk).

One line of a file is one prescription as a JSON object. ``read`` turns it into ``Uploaded``, in our
own words, or into the list of *all* its problems; it never raises. What the centre checks is
checked here: fields, types, codes, and that the figures agree with each other and with the
catalogue. What the law forbids (six medicines, eight days, no diagnosis) is not a problem of the
shape: ``prescriptions.rules`` finds it.

Deviations from the centre's shape, all of them additions:
    ``mdtrtinfo.tel``: D001 has no telephone; may be absent.
    ``pharCode``, ``pharName``, ``pharChkTime``: the hospital's review, which D002 and D003 carry;
    all three or none.
    ``extras``: D001's extension object (there per line and per visit) also at the top, see
    ``Extras``. Unknown fields are ignored.

Decisions:
    Repeat use (``reptFlag``) is reserved by the centre; "1" is refused rather than overlooked.
    In how many parts a long-term prescription is fetched stands in ``extras``.
    ``valiEndTime`` must be ``prscTime`` + ``valiDays``, as the centre defines it; the end that
    counts is ``rules.valid_until``, which is never later.
    Herbal pieces (``rxItemTypeCode`` 13) have other dose fields and are not read.
    Only resident identity numbers are read (``psnCertType`` 01); ``hospital.identity`` checks
    them, and telephone numbers.

Source: D001's fields as published HIS code documents them; the code lists behind
``rxTypeCode``, ``medType`` and ``selfPayRea`` are not public and hence only partly checked.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hospital import identity
from prescriptions import facts, rules
from prescriptions.facts import MedicineFacts
from prescriptions.reading import Fault, Node, Problem, Problems, parse
from prescriptions.uploaded import Diagnosis, Extras, Line, Patient, Uploaded

__all__ = ["Diagnosis", "Extras", "Line", "Patient", "Problem", "Uploaded", "read", "read_file"]

_ICD_10 = re.compile(r"[A-Z][0-9]{2}(\.[0-9x][0-9]{0,2}(x[0-9]{3})?)?[+*]?", re.ASCII)

_ENDINGS = (
    "claimed",
    "self_paid",
    "cancelled_by_doctor",
    "cancelled_by_patient",
    "withdrawn_and_reauthorized",
    "expired",
    "returned_by_review",
    "refused_by_rule",
)


def read(
    line: str, number: int, catalogue: Mapping[str, MedicineFacts]
) -> Uploaded | list[Problem]:
    """
    Read line ``number`` of a file; ``catalogue`` maps ``medListCodg`` to what is known of it.

    The answer is the prescription, or every problem of the line in the order of its fields.
    """
    problems = Problems(number)
    head = parse(line, problems)
    if head is None:
        return problems.found
    uploaded = _uploaded(head, catalogue)
    return problems.found or uploaded


def read_file(
    path: Path, catalogue: Mapping[str, MedicineFacts]
) -> Iterator[tuple[int, Uploaded | list[Problem]]]:
    """
    Read a UTF-8 file line by line: pairs of line number (from 1) and answer. Blank lines count,
    but give no answer.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                yield number, [Problem(number, "", Fault.NOT_JSON, "the line is not UTF-8")]
            else:
                yield number, read(line, number, catalogue)


def _uploaded(head: Node, catalogue: Mapping[str, MedicineFacts]) -> Uploaded:
    online = head.choice("bizTypeCode", {"01": False, "02": True}, default=False)
    head.text("authNo", 100, required=online)
    hospital_number = head.text("hospRxno", 40)
    renews = head.text("initRxno", 40, required=False)
    head.text("rxTypeCode", 3)
    at = head.moment("prscTime")
    days = _valid_days(head, at)
    _reserved(head)
    plan = head.text("insuPlcNo", 6, required=False)
    long_term = head.flag("longRxFlag")
    reviewer, reviewed_at = _review(head)
    lines = _lines(head, catalogue)
    visit = head.node("mdtrtinfo")
    patient = _patient(visit, at)
    _certificate(head, patient.id_number)
    return Uploaded(
        hospital=visit.text("fixmedinsCode", 32),
        hospital_number=hospital_number,
        renews=renews,
        doctor_code=visit.text("drCode", 32),
        doctor_name=visit.text("prscDrName", 50),
        department=visit.text("prscDeptName", 50),
        patient=patient,
        insurance_plan=plan,
        online=online,
        emergency=visit.text("medType", 6, required=False) == "13",
        long_term=long_term,
        prescribed_at=(at or datetime.max.replace(tzinfo=UTC)).astimezone(UTC),
        reviewer_code=reviewer,
        reviewed_at=reviewed_at,
        valid_days=days,
        diagnoses=_diagnoses(head),
        lines=lines,
        extras=_extras(head),
    )


def _valid_days(head: Node, at: datetime | None) -> int:
    days = head.whole("valiDays", 1, rules.VALID_DAYS_MAX)
    end = head.moment("valiEndTime")
    if at and end and days and end != at + timedelta(days=days):
        head.wrong("valiEndTime", Fault.MISMATCH, "is not prscTime + valiDays")
    return days or 0


def _review(head: Node) -> tuple[str, datetime | None]:
    """Who reviewed it at the hospital, and when, if anybody has."""
    names = ("pharCode", "pharName", "pharChkTime")
    said = {name: head.text(name, 50, required=False) for name in names}
    if not any(said.values()):
        return "", None
    for name in (name for name in names if not said[name]):
        head.text(name, 50)
    at = head.moment("pharChkTime")
    return said["pharCode"], at.astimezone(UTC) if at else None


def _reserved(head: Node) -> None:
    head.flag("rxCotnFlag")
    if head.flag("reptFlag"):
        head.wrong("reptFlag", Fault.UNKNOWN, "repeat use is reserved and not in force")


def _certificate(head: Node, id_number: str) -> None:
    """How the patient identified himself: e-credential, identity number or card."""
    kind = head.choice("mdtrtCertType", {"01": "token", "02": "number", "03": "card"}, default="")
    head.text("ecToken", 64, required=kind == "token")
    shown = head.text("mdtrtCertNo", 50, required=kind != "")
    if kind == "number" and shown and id_number and shown.upper() != id_number:
        head.wrong("mdtrtCertNo", Fault.MISMATCH, "is not mdtrtinfo.certno")


def _patient(visit: Node, at: datetime | None) -> Patient:
    name = visit.text("patnName", 50)
    visit.choice("psnCertType", {"01": "identity card"}, default="", required=False)
    number, born = _identity(visit)
    sex = visit.choice("gend", {"1": "male", "2": "female"}, default="")
    if born and sex and sex != identity.sex(number):
        visit.wrong("gend", Fault.MISMATCH, "is not the sex in certno")
    years = visit.number("patnAge", Decimal(0), Decimal(150))
    if born and at:
        age = rules.age(born, rules.legal_day(at))
        if age < 0:
            visit.wrong("certno", Fault.MISMATCH, "gives a birthday after prscTime")
        elif years is not None and int(years) != age:
            visit.wrong("patnAge", Fault.MISMATCH, "is not the age that certno gives at prscTime")
    kilograms = visit.number("patnWt", Decimal("0.3"), Decimal(500), required=False)
    weeks = visit.number("gesoVal", Decimal(0), Decimal(45), required=False)
    visit.flag("nwbFlag")
    return Patient(
        name=name,
        id_number=number,
        born=born or date.max,
        sex=sex,
        phone=_phone(visit),
        weight_g=None if kilograms is None else int(kilograms * 1000),
        allergies=visit.text("algsHis", 500, required=False),
        pregnant=bool(weeks),  # gesoVal, 孕周: weeks of pregnancy
    )


def _identity(visit: Node) -> tuple[str, date | None]:
    text = visit.text("certno", 50)
    if text:
        with suppress(identity.BadIdNumber):
            number = identity.checked_id_number(text)
            return number, identity.born(number)
        visit.wrong("certno", Fault.BAD_FORMAT, "is no identity number (region, day, check digit)")
    return "", None


def _phone(visit: Node) -> str:
    text = visit.text("tel", 32, required=False)
    if text:
        with suppress(identity.BadPhone):
            return identity.checked_phone(text)
        visit.wrong("tel", Fault.BAD_FORMAT, "is no Chinese telephone number")
    return ""


def _diagnoses(head: Node) -> tuple[Diagnosis, ...]:
    nodes = head.nodes("diseinfo")
    diagnoses = []
    for node in nodes:
        code = node.text("diagCode", 30)
        if code and not _ICD_10.fullmatch(code):
            node.wrong("diagCode", Fault.BAD_FORMAT, "is no ICD-10 code")
        node.text("diagType", 3)
        node.whole("diagSrtNo", 1, 99)
        node.moment("diagTime")
        diagnoses.append(Diagnosis(code, node.text("diagName", 100), node.flag("maindiagFlag")))
    if nodes and sum(diagnosis.main for diagnosis in diagnoses) != 1:
        head.wrong("diseinfo", Fault.MISMATCH, "has not exactly one main diagnosis")
    return tuple(diagnoses)


def _lines(head: Node, catalogue: Mapping[str, MedicineFacts]) -> tuple[Line, ...]:
    nodes = head.nodes("rxdrugdetail")
    count = head.whole("rxDrugCnt", 1, 100)
    if count is not None and count != len(nodes):
        head.wrong("rxDrugCnt", Fault.MISMATCH, "is not the number of medicines")
    return tuple(_line(node, catalogue) for node in nodes)


def _line(node: Node, catalogue: Mapping[str, MedicineFacts]) -> Line:
    node.choice("rxItemTypeCode", {"11": "", "12": ""}, default="", required=False)
    code = node.text("medListCodg", 50)
    medicine = catalogue.get(code)
    if code and medicine is None:
        node.wrong("medListCodg", Fault.UNKNOWN, "is not in the catalogue")
    _same_medicine(node, medicine)
    dose = node.number("sinDoscnt", Decimal("0.0001"), Decimal(1_000_000))
    dose_unit = node.text("sinDosunt", 20)
    if medicine and dose and dose_unit and facts.pack_units(medicine, dose, dose_unit) is None:
        node.wrong("sinDosunt", Fault.MISMATCH, "is no unit of this medicine's dose")
    self_pay, reason = _self_pay(node)
    return Line(
        medicine_code=code,
        route=node.text("medcWayCodg", 10),
        route_name=node.text("medcWayDscr", 100),
        frequency=_frequency(node),
        dose=f"{(dose or Decimal(1)).normalize():f}",
        dose_unit=dose_unit,
        days=node.whole("medcDays", 1, 366) or 0,
        quantity=node.whole("drugCnt", 1, 9999) or 0,
        unit=medicine.unit if medicine else "",
        self_pay=self_pay,
        self_pay_reason=reason,
    )


def _same_medicine(node: Node, medicine: MedicineFacts | None) -> None:
    """Whether the line's own words are the catalogue's for its code."""
    otc = node.flag("otcFlag")
    said = {
        "drugGenname": node.text("drugGenname", 100),
        "drugDosform": node.text("drugDosform", 30),
        "drugSpec": node.text("drugSpec", 40),
        "drugDosunt": node.text("drugDosunt", 20),
    }
    if medicine is None:
        return
    known = (medicine.generic_name, medicine.form, medicine.specification, medicine.unit)
    for (key, text), expected in zip(said.items(), known, strict=True):
        if text and text != expected:
            node.wrong(key, Fault.MISMATCH, "is not that of the medicine with this code")
    if otc and not medicine.otc:
        node.wrong("otcFlag", Fault.MISMATCH, "is not that of the medicine with this code")


def _frequency(node: Node) -> str:
    code = node.text("usedFrquCodg", 10)
    node.text("usedFrquName", 30)
    frequency = facts.frequency(code)
    if code and frequency is None:
        node.wrong("usedFrquCodg", Fault.UNKNOWN, "is no known frequency")
    return frequency.code if frequency else ""


def _self_pay(node: Node) -> tuple[bool, str]:
    """2: the patient pays alone, and a reason is due; reason 6 (other) is due in words."""
    self_pay = node.choice("hospApprFlag", {"0": False, "1": False, "2": True}, default=False)
    code = node.text("selfPayRea", 6, required=self_pay)
    words = node.text("realDscr", 1000, required=code == "6")
    return self_pay, words or code


def _extras(head: Node) -> Extras:
    node = head.node("extras", required=False)
    ways = {"collect": "collect", "courier": "courier"}
    endings = {ending: ending for ending in _ENDINGS}
    return Extras(
        way=node.choice("way", ways, default="collect", required=False),
        payers=node.texts("payers", 40, default=("fund",)),
        ending=node.choice("ending", endings, default="", required=False),
        address=node.text("address", 200, required=False),
        expect_rule=node.text("expect_rule", 40, required=False),
        reason_for_longer=node.text("reason_for_longer", 500, required=False),
        guardian_present=node.yes("guardian_present"),
        issues=node.whole("issues", 1, 52, required=False),
        interval_days=node.whole("interval_days", 1, 366, required=False),
    )
