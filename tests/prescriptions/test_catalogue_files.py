"""Reading a catalogue: which files, which cells, and what the report says of bad ones."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sample import loader
from prescriptions.catalogue import files, reading
from prescriptions.catalogue.reading import COLUMNS, Bad, Listed, Problem

HEAD = [one.name for one in COLUMNS if one.name != "price_yuan"]
GOOD = next(row for _, row in files.rows(loader.CATALOGUE))


def _written(folder: Path, encoding: str) -> Path:
    path = folder / "catalogue.csv"
    lines = [",".join(HEAD), ",".join(GOOD[name] for name in HEAD), "", ""]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_of_either_encoding(tmp_path, encoding):
    assert list(files.rows(_written(tmp_path, encoding))) == [(2, GOOD)]


def test_an_excel_book_says_what_it_shows(tmp_path):
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["药品编码", "通用名", "包装数量", "价格（元）", "空"])
    sheet.append([])
    sheet.append([" XJ01CAA001E001010110037 ", "阿莫西林胶囊", 24.0, 9.8, None])
    book.save(tmp_path / "catalogue.xlsx")

    ((number, row),) = files.rows(tmp_path / "catalogue.xlsx")

    assert number == 3
    assert row == {
        "药品编码": "XJ01CAA001E001010110037",
        "通用名": "阿莫西林胶囊",
        "包装数量": "24",
        "价格（元）": "9.8",
        "空": "",
    }


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\xff\xfe\x00\x01", b"a,b\x00\n1,2\n", b"PK\x05\x06" + 18 * b"\x00"]
)
def test_what_is_no_such_file_is_refused(tmp_path, content):
    (tmp_path / "catalogue").write_bytes(content)

    with pytest.raises(files.UnreadableFile):
        list(files.rows(tmp_path / "catalogue"))


def test_every_row_of_the_sample_is_read():
    assert all(isinstance(reading.read(*row), Listed) for row in files.rows(loader.CATALOGUE))


WRONG = [
    ("code", "", Problem.MISSING),
    ("code", "xj01", Problem.WRONG_FORM),
    ("generic_name", "阿" * 81, Problem.TOO_LONG),
    ("generic_name", "阿\x00", Problem.WRONG_FORM),
    ("pack_size", "0", Problem.NOT_A_NUMBER),
    ("pack_size", "-1", Problem.NOT_A_NUMBER),
    ("pack_size", "２４", Problem.NOT_A_NUMBER),
    ("pack_size", "9999999999", Problem.NOT_A_NUMBER),
    ("strength", "0.25g", Problem.NOT_A_NUMBER),
    ("strength", "NaN", Problem.NOT_A_NUMBER),
    ("strength", "0.00001", Problem.NOT_A_NUMBER),
    ("strength", "1e3", Problem.NOT_A_NUMBER),
    ("route", "777", Problem.UNKNOWN_WORD),
    ("frequency", "daily", Problem.UNKNOWN_WORD),
    ("atc", "J0", Problem.WRONG_FORM),
    ("insurance_class", "丁", Problem.UNKNOWN_WORD),
    ("control", "strong", Problem.UNKNOWN_WORD),
    ("otc", "maybe", Problem.UNKNOWN_WORD),
    ("price_fen", "9.80", Problem.NOT_A_NUMBER),
    ("approval_number", "国药准字X12345678", Problem.WRONG_FORM),
]


@pytest.mark.parametrize(("column", "cell", "problem"), WRONG)
def test_a_bad_cell_is_told_with_its_column(column, cell, problem):
    assert reading.read(7, {**GOOD, column: cell}) == [Bad(7, column, problem, cell)]


def test_all_bad_cells_of_a_row_are_told_at_once():
    found = reading.read(2, {**GOOD, "unit": "", "pack_size": "x", "control": "y"})

    assert isinstance(found, list)
    assert [one.column for one in found] == ["unit", "pack_size", "control"]


def test_a_grade_without_the_mark_is_at_odds():
    found = reading.read(2, {**GOOD, "antimicrobial": "0"})

    assert found == [Bad(2, "antimicrobial", Problem.AT_ODDS, "")]


@pytest.mark.parametrize(
    ("yuan", "fen"), [("9.80", 980), ("0.01", 1), ("0.29", 29), ("19999.99", 1_999_999)]
)
def test_yuan_become_fen_exactly(yuan, fen):
    row = {name: cell for name, cell in GOOD.items() if name != "price_fen"}

    found = reading.read(2, {**row, "价格（元）": yuan})

    assert isinstance(found, Listed)
    assert found.facts.price_fen == fen


@given(st.dictionaries(st.sampled_from(HEAD), st.text(max_size=30)))
def test_whatever_a_row_says_it_is_read_or_told(cells):
    found = reading.read(2, {**GOOD, **cells})

    assert isinstance(found, Listed) or (found and all(one.row == 2 for one in found))
