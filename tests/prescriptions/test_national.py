"""The reader of the national shape: every problem told, and no input that makes it raise."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.sample import loader
from prescriptions import national
from prescriptions.national import Problem, Uploaded
from prescriptions.reading import LINE_MAX_CHARS, Fault

CATALOGUE = loader.medicines()
AMOXICILLIN = next(one for one in CATALOGUE.values() if one.generic_name == "阿莫西林胶囊")

PLAIN: dict[str, Any] = {
    "mdtrtCertType": "02",
    "mdtrtCertNo": "450200197803129964",
    "bizTypeCode": "01",
    "hospRxno": "LZ1",
    "rxTypeCode": "1",
    "prscTime": "2026-11-23 00:30:00",
    "rxDrugCnt": 1,
    "valiDays": 3,
    "valiEndTime": "2026-11-26 00:30:00",
    "rxdrugdetail": [
        {
            "medListCodg": AMOXICILLIN.code,
            "drugGenname": AMOXICILLIN.generic_name,
            "drugDosform": AMOXICILLIN.form,
            "drugSpec": AMOXICILLIN.specification,
            "medcWayCodg": "1",
            "medcWayDscr": "口服",
            "usedFrquCodg": "13",
            "usedFrquName": "每天三次",
            "sinDoscnt": "0.50",
            "sinDosunt": "g",
            "medcDays": "7.00",
            "drugCnt": 2,
            "drugDosunt": AMOXICILLIN.unit,
            "hospApprFlag": "1",
        }
    ],
    "mdtrtinfo": {
        "fixmedinsCode": "liuzhou-hospital",
        "drCode": "D450202110001",
        "prscDrName": "覃范南",
        "prscDeptName": "心血管内科",
        "patnName": "覃例平",
        "certno": "450200197803129964",
        "patnAge": "48",
        "gend": "2",
        "tel": "+8613800000001",
        "patnWt": 55.5,
        "algsHis": "无",
    },
    "diseinfo": [
        {
            "diagType": "1",
            "maindiagFlag": "1",
            "diagSrtNo": "1",
            "diagCode": "J03.900",
            "diagName": "急性扁桃体炎",
            "diagTime": "2026-11-23 00:20:00",
        }
    ],
}

DRUG, VISIT = "rxdrugdetail[0]", "mdtrtinfo"


def holder(fields: dict[str, Any], path: str) -> tuple[Any, str]:
    """The object that holds the last part of a path, and that part."""
    *steps, last = path.replace("[0]", ".0").split(".")
    at: Any = fields
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at[step]
    return at, last


def with_value(path: str, value: Any) -> dict[str, Any]:
    fields = copy.deepcopy(PLAIN)
    at, last = holder(fields, path)
    at[last] = value
    return fields


def without(path: str) -> dict[str, Any]:
    fields = copy.deepcopy(PLAIN)
    at, last = holder(fields, path)
    del at[last]
    return fields


def read(fields: Any) -> Uploaded | list[Problem]:
    return national.read(json.dumps(fields), 7, CATALOGUE)


def problems(fields: Any) -> list[tuple[str, Fault]]:
    found = read(fields)
    assert isinstance(found, list)
    return [(problem.field, problem.code) for problem in found]


def uploaded(fields: Any) -> Uploaded:
    found = read(fields)
    assert isinstance(found, Uploaded), found
    return found


class TestAGoodLine:
    def test_is_read_in_our_own_words(self):
        rx = uploaded(PLAIN)

        assert rx.hospital == "liuzhou-hospital"
        assert rx.prescribed_at == datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
        assert rx.patient == national.Patient(
            name="覃例平",
            id_number="450200197803129964",
            born=date(1978, 3, 12),
            sex="female",
            phone="+8613800000001",
            weight_g=55_500,
            allergies="无",
            pregnant=False,
        )
        assert rx.diagnoses == (national.Diagnosis("J03.900", "急性扁桃体炎", main=True),)
        assert rx.lines == (
            national.Line(
                medicine_code=AMOXICILLIN.code,
                route="1",
                route_name="口服",
                frequency="tid",
                dose="0.5",
                dose_unit="g",
                days=7,
                quantity=2,
                unit="盒",
                self_pay=False,
                self_pay_reason="",
            ),
        )
        assert (rx.online, rx.emergency, rx.long_term, rx.valid_days) == (False, False, False, 3)

    def test_needs_no_extras(self):
        extras = uploaded(PLAIN).extras

        assert (extras.way, extras.payers, extras.ending) == ("collect", ("fund",), "")

    def test_may_carry_fields_that_nobody_here_knows(self):
        assert uploaded(PLAIN | {"rxFrquCodg": "13", "extras": {"fault": "none"}})

    def test_may_lack_a_diagnosis_for_that_is_a_rule_and_not_the_shape(self):
        assert uploaded(with_value("diseinfo", [])).diagnoses == ()

    @pytest.mark.parametrize("born", ["19380312", "19620725"])
    def test_may_be_for_a_patient_older_than_her_district(self, born):
        body = f"450202{born}996"
        number = body + check_digit(body)
        age = 2026 - int(born[:4])
        fields = with_value(f"{VISIT}.certno", number) | {"mdtrtCertNo": number}
        fields[VISIT]["patnAge"] = age

        assert uploaded(fields).patient.born.year == int(born[:4])

    def test_says_why_the_patient_pays_alone(self):
        fields = with_value(f"{DRUG}.hospApprFlag", "2")
        fields["rxdrugdetail"][0] |= {"selfPayRea": "6", "realDscr": "患者要求自费"}
        (line,) = uploaded(fields).lines

        assert (line.self_pay, line.self_pay_reason) == (True, "患者要求自费")

    def test_is_an_emergency_when_the_visit_was_one(self):
        assert uploaded(with_value(f"{VISIT}.medType", "13")).emergency


REQUIRED = [
    "mdtrtCertType",
    "mdtrtCertNo",
    "bizTypeCode",
    "hospRxno",
    "rxTypeCode",
    "prscTime",
    "rxDrugCnt",
    "valiDays",
    "valiEndTime",
    "rxdrugdetail",
    "mdtrtinfo",
    "diseinfo",
    *(f"{DRUG}.{key}" for key in PLAIN["rxdrugdetail"][0]),
    *(f"{VISIT}.{key}" for key in PLAIN["mdtrtinfo"] if key not in ("patnWt", "algsHis", "tel")),
    *(f"diseinfo[0].{key}" for key in PLAIN["diseinfo"][0] if key != "maindiagFlag"),
]


@pytest.mark.parametrize("path", REQUIRED)
class TestARequiredField:
    @pytest.mark.parametrize("change", [without, lambda path: with_value(path, None)])
    def test_is_missed_once_and_at_its_path(self, path: str, change: Callable[[str], Any]):
        found = problems(change(path))

        assert found.count((path, Fault.MISSING)) == 1

    @pytest.mark.parametrize("value", [True, {"a": 1}, [[]], [1], -5])
    def test_of_another_type_is_told(self, path: str, value: Any):
        assert any(field.startswith(path) for field, _ in problems(with_value(path, value)))


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (f"{DRUG}.drugCnt", -1, Fault.OUT_OF_RANGE),
        (f"{DRUG}.drugCnt", 0, Fault.OUT_OF_RANGE),
        (f"{DRUG}.drugCnt", "1.5", Fault.BAD_FORMAT),
        (f"{DRUG}.drugCnt", 10**40, Fault.OUT_OF_RANGE),
        (f"{DRUG}.sinDoscnt", "0.00001", Fault.OUT_OF_RANGE),
        (f"{DRUG}.sinDoscnt", 0.12345, Fault.BAD_FORMAT),
        (f"{DRUG}.sinDoscnt", "1e3", Fault.WRONG_TYPE),
        (f"{DRUG}.sinDoscnt", "１", Fault.WRONG_TYPE),
        (f"{DRUG}.sinDosunt", "升", Fault.MISMATCH),
        (f"{DRUG}.medListCodg", "XZ99", Fault.UNKNOWN),
        (f"{DRUG}.drugSpec", "1g×100片", Fault.MISMATCH),
        (f"{DRUG}.drugGenname", "别的药", Fault.MISMATCH),
        (f"{DRUG}.drugDosunt", "粒", Fault.MISMATCH),
        (f"{DRUG}.otcFlag", "1", Fault.MISMATCH),
        (f"{DRUG}.usedFrquCodg", "77", Fault.UNKNOWN),
        (f"{DRUG}.hospApprFlag", "3", Fault.UNKNOWN),
        (f"{DRUG}.rxItemTypeCode", "13", Fault.UNKNOWN),
        (f"{VISIT}.certno", "450200197803129961", Fault.BAD_FORMAT),
        (f"{VISIT}.certno", "450200197802309963", Fault.BAD_FORMAT),
        (f"{VISIT}.certno", "４50200197803129967", Fault.BAD_FORMAT),
        (f"{VISIT}.gend", "1", Fault.MISMATCH),
        (f"{VISIT}.gend", "9", Fault.UNKNOWN),
        (f"{VISIT}.patnAge", 47, Fault.MISMATCH),
        (f"{VISIT}.tel", "12345", Fault.BAD_FORMAT),
        (f"{VISIT}.tel", "12000000001", Fault.BAD_FORMAT),
        (f"{VISIT}.patnName", "覃\x00平", Fault.BAD_FORMAT),
        (f"{VISIT}.patnName", "覃\ud800平", Fault.BAD_FORMAT),
        (f"{VISIT}.patnName", "覃\u202e平", Fault.BAD_FORMAT),
        (f"{VISIT}.patnName", "覃" * 51, Fault.OUT_OF_RANGE),
        (f"{VISIT}.psnCertType", "02", Fault.UNKNOWN),
        ("diseinfo[0].diagCode", "感冒", Fault.BAD_FORMAT),
        ("diseinfo[0].maindiagFlag", "2", Fault.UNKNOWN),
        ("diseinfo", [{}] * 101, Fault.OUT_OF_RANGE),
        ("prscTime", "0000-01-01 00:00:00", Fault.OUT_OF_RANGE),
        ("prscTime", "9999-12-31 23:59:59", Fault.OUT_OF_RANGE),
        ("prscTime", "2026-02-30 09:00:00", Fault.BAD_FORMAT),
        ("prscTime", "2026-11-23 24:00:00", Fault.BAD_FORMAT),
        ("prscTime", "2026-11-23T00:30:00", Fault.BAD_FORMAT),
        ("prscTime", "2026-11-23", Fault.BAD_FORMAT),
        ("valiDays", 0, Fault.OUT_OF_RANGE),
        ("valiDays", 4, Fault.OUT_OF_RANGE),
        ("valiEndTime", "2026-11-26 00:30:01", Fault.MISMATCH),
        ("rxDrugCnt", 2, Fault.MISMATCH),
        ("reptFlag", "1", Fault.UNKNOWN),
        ("longRxFlag", 1, Fault.WRONG_TYPE),
        ("mdtrtCertNo", "450200197803129975", Fault.MISMATCH),
        ("extras", "courier", Fault.WRONG_TYPE),
        ("extras", {"way": "drone"}, None),
        ("extras", {"payers": "fund"}, None),
        ("extras", {"payers": [1]}, None),
        ("extras", {"guardian_present": "yes"}, None),
    ],
)
def test_a_wrong_value_is_told_at_its_field(path, value, code):
    found = problems(with_value(path, value))

    assert any(field.startswith(path) and code in (None, its) for field, its in found), found


def test_more_than_one_main_diagnosis_is_told():
    fields = with_value("diseinfo", PLAIN["diseinfo"] * 2)

    assert problems(fields) == [("diseinfo", Fault.MISMATCH)]


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ({"bizTypeCode": "02"}, "authNo"),
        ({"mdtrtCertType": "01"}, "ecToken"),
    ],
)
def test_some_fields_are_due_only_with_others(head, field):
    assert problems(PLAIN | head) == [(field, Fault.MISSING)]


@pytest.mark.parametrize(
    ("changes", "field"), [({}, "selfPayRea"), ({"selfPayRea": "6"}, "realDscr")]
)
def test_a_reason_is_due_when_the_patient_pays_alone(changes, field):
    fields = with_value(f"{DRUG}.hospApprFlag", "2")
    fields["rxdrugdetail"][0] |= changes

    assert problems(fields) == [(f"{DRUG}.{field}", Fault.MISSING)]


def test_all_problems_of_a_line_are_told_and_no_value_is_repeated():
    fields = with_value(f"{VISIT}.certno", "450200197803129961")
    fields["prscTime"] = "yesterday"
    fields["rxdrugdetail"][0]["drugCnt"] = -1
    found = read(fields)

    assert isinstance(found, list)
    assert [problem.field for problem in found] == [
        "prscTime",
        f"{DRUG}.drugCnt",
        f"{VISIT}.certno",
    ]
    assert {problem.line_number for problem in found} == {7}
    assert "4502" not in str(found)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", Fault.NOT_JSON),
        ("{", Fault.NOT_JSON),
        ("null", Fault.WRONG_TYPE),
        ("[]", Fault.WRONG_TYPE),
        ("7", Fault.WRONG_TYPE),
        ('{"a": NaN}', Fault.NOT_JSON),
        ('{"a": -Infinity}', Fault.NOT_JSON),
        ('{"hospRxno": "1", "hospRxno": "2"}', Fault.NOT_JSON),
        ('{"a": ' + "9" * 5000 + "}", Fault.NOT_JSON),
        ('{"a": 1e99999999999999999999999}', Fault.NOT_JSON),
        ("[" * 100_000, Fault.NOT_JSON),
        ('{"a":' * 50_000, Fault.NOT_JSON),
        ('"' + "x" * 1_000_000 + '"', Fault.TOO_LONG),
        (" " * (LINE_MAX_CHARS + 1), Fault.TOO_LONG),
        ("\x00", Fault.NOT_JSON),
        ("\ud800", Fault.NOT_JSON),
        ("\ufeff{}", Fault.NOT_JSON),
    ],
    ids=lambda value: str(value)[:24].encode("unicode_escape").decode(),
)
def test_a_line_that_is_no_object_of_json_is_one_problem(line, code):
    found = national.read(line, 1, CATALOGUE)

    assert isinstance(found, list)
    assert [(problem.field, problem.code) for problem in found] == [("", code)]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**30, 10**60)
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", "\x00", "1e999", "-0", "9999-99-99 99:99:99", "١٢", "x" * 5000])
    | st.from_regex(r"\A[0-9]{17}[0-9X]\Z"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
PATHS = [*REQUIRED, "extras", "longRxFlag", "initRxno", f"{VISIT}.patnWt", f"{DRUG}.otcFlag"]


def as_told(found: Uploaded | list[Problem]) -> bool:
    return isinstance(found, Uploaded) or (
        bool(found) and all(isinstance(problem, Problem) for problem in found)
    )


class TestNothingRaises:
    @given(st.text())
    def test_on_any_text(self, line):
        assert as_told(national.read(line, 1, CATALOGUE))

    @given(ANYTHING)
    def test_on_any_json(self, value):
        assert as_told(national.read(json.dumps(value), 1, CATALOGUE))

    @settings(max_examples=400)
    @given(st.dictionaries(st.sampled_from(PATHS), ANYTHING, min_size=1, max_size=4))
    def test_on_a_good_line_with_any_value_anywhere(self, changes):
        fields = copy.deepcopy(PLAIN)
        for path, value in changes.items():
            try:
                at, last = holder(fields, path)
                at[last] = value
            except (TypeError, KeyError, IndexError):
                continue  # an earlier change took the holder away
        assert as_told(read(fields))

    @given(st.decimals(allow_nan=False, allow_infinity=False))
    def test_on_any_number(self, number):
        line = json.dumps(with_value(f"{DRUG}.sinDoscnt", "here")).replace('"here"', str(number))

        assert as_told(national.read(line, 1, CATALOGUE))


class TestAFile:
    def test_is_read_line_by_line_with_its_numbers(self, tmp_path):
        line = json.dumps(PLAIN).encode()
        path = tmp_path / "rx.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n\n\xff\n" + line)

        answers = dict(national.read_file(path, CATALOGUE))

        assert list(answers) == [1, 3, 4]
        assert answers[1] == answers[4] == uploaded(PLAIN)
        assert answers[3] == [Problem(3, "", Fault.NOT_JSON, "the line is not UTF-8")]

    def test_may_be_empty(self, tmp_path):
        path = tmp_path / "rx.jsonl"
        path.touch()

        assert list(national.read_file(path, CATALOGUE)) == []


def check_digit(body: str) -> str:
    """GB 11643 by its own table, so as not to test the library with itself."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return "10X98765432"[total % 11]
