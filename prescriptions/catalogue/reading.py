"""
A row of a catalogue's file as a medicine, or what is wrong with it. Pure: no Django, no clock.

Columns are named in English, as the fields of ``MedicineFacts``, or in Chinese. What a row says
wrongly is told with its column and a code, all of it at once, so that one reading of the report
mends the file.

Sources: 国家医保药品编码 (code): X or Z or T, then letters and digits, 20 to 23; approval numbers
(批准文号) are 国药准字 with a letter and eight digits (药品注册管理办法, order 27
of 2020, art. 123, unconfirmed); anatomical therapeutic chemical codes: WHO.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from hospital.rights import Antimicrobials
from prescriptions.facts import FREQUENCIES, ROUTES, Control, InsuranceClass, MedicineFacts

INTEGER_MAX = 2_147_483_647
Parser = Callable[[str], Any]


class Problem(StrEnum):
    """What can be wrong with a cell."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    NOT_A_NUMBER = "not_a_number"
    UNKNOWN_WORD = "unknown_word"
    WRONG_FORM = "wrong_form"
    TWICE = "twice"
    AT_ODDS = "at_odds"


class _Wrong(ValueError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Bad:
    """What is wrong: the row as a spreadsheet numbers it, the column, and the cell."""

    row: int
    column: str
    problem: Problem
    value: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A medicine of the catalogue: what rules need of it, and who makes it under which number."""

    facts: MedicineFacts
    manufacturer: str
    approval_number: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, its Chinese name, and how a cell is read."""

    name: str
    chinese: str
    read: Parser
    optional: bool = False


def _text(longest: int, form: str = "") -> Parser:
    pattern = re.compile(form) if form else None

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise _Wrong(Problem.TOO_LONG)
        if "\x00" in cell or (pattern and not pattern.fullmatch(cell)):
            raise _Wrong(Problem.WRONG_FORM)
        return cell

    return read


def _whole(cell: str) -> int:
    if not re.fullmatch("[0-9]{1,10}", cell) or not 0 < int(cell) <= INTEGER_MAX:
        raise _Wrong(Problem.NOT_A_NUMBER)
    return int(cell)


def _decimal(places: int, most: int) -> Parser:
    def read(cell: str) -> Decimal:
        try:
            number = Decimal(cell) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", cell) else None
        except InvalidOperation:
            number = None
        if number is None or not 0 < number < most or number != round(number, places):
            raise _Wrong(Problem.NOT_A_NUMBER)
        return number

    return read


def _one_of(words: Mapping[str, Any]) -> Parser:
    def read(cell: str) -> Any:
        if cell not in words:
            raise _Wrong(Problem.UNKNOWN_WORD)
        return words[cell]

    return read


_YES = _one_of({"1": True, "0": False, "是": True, "否": False, "": False})
_CONTROLS = {
    "": Control.NONE,
    "无": Control.NONE,
    "麻醉": Control.NARCOTIC,
    "精一": Control.PSYCHOTROPIC_1,
    "精二": Control.PSYCHOTROPIC_2,
    "毒性": Control.TOXIC,
    "易制毒": Control.PRECURSOR,
    "放射性": Control.RADIOACTIVE,
    **{one.value: one for one in Control},
}
_GRADES = {
    "": Antimicrobials.NONE,
    "非限制": Antimicrobials.UNRESTRICTED,
    "限制": Antimicrobials.RESTRICTED,
    "特殊": Antimicrobials.SPECIAL,
    **{one.value: one for one in Antimicrobials},
}
APPROVED = re.compile("国药准字[HZSBTFJC][0-9]{8}|[HZS]C?[0-9]{8}")
"""An approval number; without 国药准字 one of an import (进口药品注册证号)."""
COLUMNS = (
    Column("code", "药品编码", _text(40, "[A-Z][A-Z0-9]{10,39}")),
    Column("generic_name", "通用名", _text(80)),
    Column("form", "剂型", _text(40)),
    Column("specification", "规格", _text(80)),
    Column("unit", "最小销售单位", _text(8)),
    Column("pack_size", "包装数量", _whole),
    Column("pack_unit", "最小制剂单位", _text(8)),
    Column("strength", "单位含量", _decimal(4, 10**8)),
    Column("strength_unit", "含量单位", _text(8)),
    Column("route", "用药途径代码", _one_of({one: one for one in ROUTES})),
    Column("route_name", "用药途径", _text(20)),
    Column("frequency", "常用频次", _one_of({one: one for one in FREQUENCIES})),
    Column("atc", "ATC编码", _text(7, "[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?|"), True),
    Column("insurance_class", "医保类别", _one_of({one.value: one for one in InsuranceClass})),
    Column("control", "管制类别", _one_of(_CONTROLS), True),
    Column("antimicrobial", "抗微生物药", _YES, True),
    Column("antimicrobial_grade", "抗菌药分级", _one_of(_GRADES), True),
    Column("otc", "非处方药", _YES, True),
    Column("price_fen", "价格（分）", _whole),
    Column("price_yuan", "价格（元）", _decimal(2, INTEGER_MAX // 100)),
    Column("manufacturer", "生产企业", _text(100), True),
    Column("approval_number", "批准文号", _text(20, f"{APPROVED.pattern}|"), True),
)
_PRICES = ("price_fen", "price_yuan")
_FACTS = tuple(one.name for one in fields(MedicineFacts))


def read(number: int, row: Mapping[str, str]) -> Listed | list[Bad]:
    """The medicine of one row, or everything that is wrong with the row."""
    values: dict[str, Any] = {}
    bad: list[Bad] = []
    for column in _asked(row):
        cell = row.get(column.name, row.get(column.chinese, ""))
        try:
            if not cell and not column.optional:
                raise _Wrong(Problem.MISSING)
            values[column.name] = column.read(cell)
        except _Wrong as fault:
            bad.append(Bad(number, column.name, fault.problem, cell))
    if bad:
        return bad
    if "price_yuan" in values:
        values["price_fen"] = int(values["price_yuan"] * 100)
    if values["antimicrobial_grade"] is not Antimicrobials.NONE and not values["antimicrobial"]:
        return [Bad(number, "antimicrobial", Problem.AT_ODDS, "")]
    return Listed(
        MedicineFacts(**{name: values[name] for name in _FACTS}),
        values["manufacturer"],
        values["approval_number"],
    )


def _asked(row: Mapping[str, str]) -> list[Column]:
    """All columns, of the prices the one that the file has."""
    yuan = COLUMNS[[one.name for one in COLUMNS].index("price_yuan")]
    given = "price_yuan" if yuan.name in row or yuan.chinese in row else "price_fen"
    return [one for one in COLUMNS if one.name not in _PRICES or one.name == given]
