"""Labels say in plain Chinese what the doctor wrote, and never a code."""

import re
from datetime import date
from decimal import Decimal

import pytest

from config.sample import loader
from hospital.rights import Antimicrobials
from pharmacy import labels
from pharmacy.models import StockItem
from prescriptions import facts
from prescriptions.facts import Control, InsuranceClass, MedicineFacts

CODES = re.compile("[A-Za-zμµ]")


def a_medicine(**changes):
    return MedicineFacts(
        **{
            "code": "XJ01CAA001",
            "generic_name": "阿莫西林胶囊",
            "form": "胶囊剂",
            "specification": "0.25g×24粒",
            "unit": "盒",
            "pack_size": 24,
            "pack_unit": "粒",
            "strength": Decimal("0.25"),
            "strength_unit": "g",
            "route": "1",
            "route_name": "口服",
            "frequency": "tid",
            "atc": "J01CA04",
            "insurance_class": InsuranceClass.A,
            "control": Control.NONE,
            "antimicrobial": True,
            "antimicrobial_grade": Antimicrobials.UNRESTRICTED,
            "otc": False,
            "price_fen": 1_000,
            **changes,
        }
    )


def a_line(**changes):
    return {
        "code": "XJ01CAA001",
        "generic_name": "阿莫西林胶囊",
        "form": "胶囊剂",
        "specification": "0.25g×24粒",
        "unit": "盒",
        "dose": "0.5",
        "dose_unit": "g",
        "frequency": "tid",
        "route": "1",
        "days": 7,
        "quantity": 2,
        "note": "",
        "skin_test": "",
        **changes,
    }


TABLET = {"pack_unit": "片", "strength": Decimal(50), "strength_unit": "mg"}
SYRUP = {"pack_unit": "瓶", "strength": Decimal(100), "strength_unit": "ml"}
DROPS = {"pack_unit": "滴", "strength": Decimal("0.05"), "strength_unit": "ml"}
INSULIN = {"pack_unit": "支", "strength": Decimal(300), "strength_unit": "单位"}
OINTMENT = {"pack_unit": "g", "strength": Decimal("0.01"), "strength_unit": "g"}


@pytest.mark.parametrize(
    ("medicine", "line", "said"),
    [
        ({}, {}, "口服，每次0.5克（2粒），每天3次，共7天。"),
        ({}, {"dose": "2", "dose_unit": "粒"}, "口服，每次2粒，每天3次，共7天。"),
        (TABLET, {"dose": "25", "dose_unit": "mg", "frequency": "qn"},
         "口服，每次25毫克（半片），每晚1次，共7天。"),
        (TABLET, {"dose": "0.075", "frequency": "q8h"},
         "口服，每次0.075克（1片半），每8小时1次，共7天。"),
        (TABLET, {"dose": "1.5", "dose_unit": "片", "frequency": "qod"},
         "口服，每次1片半，隔天1次（每2天1次），共7天。"),
        (TABLET, {"dose": "0.25", "dose_unit": "片"}, "口服，每次0.25片，每天3次，共7天。"),
        (TABLET, {"dose": "20", "dose_unit": "mg"}, "口服，每次20毫克，每天3次，共7天。"),
        (TABLET, {"dose": "50", "dose_unit": "mg", "frequency": "st", "days": 1},
         "口服，每次50毫克（1片），立即使用，只用1次。"),
        (TABLET, {"dose": "50", "dose_unit": "mg", "frequency": "prn", "days": 3},
         "口服，每次50毫克（1片），需要时使用，3天的用量。"),
        (SYRUP, {"dose": "10", "dose_unit": "ml", "frequency": "bid"},
         "口服，每次10毫升，每天2次，共7天。"),
        (DROPS, {"dose": "1", "dose_unit": "滴", "frequency": "qid", "route": "607", "days": 5},
         "滴眼，每次1滴，每天4次，共5天。"),
        (INSULIN, {"dose": "10.5", "dose_unit": "单位", "frequency": "qd", "route": "401"},
         "皮下注射，每次10.5单位，每天1次，共7天。"),
        (OINTMENT, {"dose": "2", "dose_unit": "g", "frequency": "bid", "route": "612"},
         "涂擦皮肤，每次2克，每天2次，共7天。"),
    ],
)  # fmt: skip
def test_says_how_to_take_it(medicine, line, said):
    assert labels.usage(a_line(**line), a_medicine(**medicine)) == said


def test_a_medicine_that_the_catalogue_has_lost_is_counted_in_what_was_written():
    assert labels.usage(a_line(), None) == "口服，每次0.5克，每天3次，共7天。"


def test_the_whole_label():
    """K9: the name, what, how much, how, how kept, until when; by whom and when."""
    bag = labels.Bag(
        "张三", "百姓大药房", date(2026, 5, 6), "cool", [date(2027, 9, 30), date(2027, 1, 31)]
    )
    assert labels.label(a_line(note="饭后服用"), a_medicine(), bag) == [
        "姓名：张三",
        "药品：阿莫西林胶囊 0.25g×24粒",
        "数量：2盒",
        "用法用量：口服，每次0.5克（2粒），每天3次，共7天。",
        "医嘱：饭后服用",
        "贮藏：阴凉处保存（不超过20℃）",
        "有效期至：2027年1月31日",
        "有效期至：2027年9月30日",
        "注意：请放在儿童接触不到的地方。",
        "百姓大药房 2026年5月6日",
    ]


def test_warns_of_what_is_not_swallowed_and_of_what_is_controlled():
    assert labels.warnings(a_line(route="612"), a_medicine(control=Control.NARCOTIC)) == [
        "外用药品，不可口服。",
        "特殊管理药品，请勿转让他人。",
        "请放在儿童接触不到的地方。",
    ]


@pytest.mark.parametrize("code", facts.FREQUENCIES)
def test_every_frequency_has_words(code):
    said = labels.usage(a_line(frequency=code), a_medicine())
    assert labels.GAP not in said
    assert not CODES.search(said)


@pytest.mark.parametrize("code", facts.ROUTES)
def test_every_route_has_words(code):
    said = labels.usage(a_line(route=code), a_medicine())
    assert labels.GAP not in said
    assert not CODES.search(said)


def test_no_words_are_left_of_codes_that_are_gone():
    assert (set(labels.FREQUENCIES), set(labels.ROUTES)) == (
        set(facts.FREQUENCIES),
        set(facts.ROUTES),
    )
    assert set(labels.STORAGE) == set(StockItem.Storage.values)
    assert set(facts.MASS_IN_UG) <= set(labels.UNITS)


@pytest.mark.parametrize("drug", loader.medicines().values(), ids=lambda one: one.code)
def test_every_unit_of_the_sample_catalogue_has_words(drug):
    for unit in {drug.pack_unit, drug.strength_unit, drug.unit}:
        said = labels.usage(a_line(dose_unit=unit, route=drug.route), drug)
        assert labels.GAP not in said, unit
        assert not CODES.search(said), unit


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dose_unit": "qsp"}, f"口服，每次{labels.GAP}，每天3次，共7天。"),
        ({"route": "77"}, f"{labels.GAP}，每次0.5克（2粒），每天3次，共7天。"),
        ({"frequency": "q3h"}, f"口服，每次0.5克（2粒），{labels.GAP}，共7天。"),
    ],
)
def test_what_has_no_words_is_a_gap(changes, said):
    """D4: no code is ever printed raw."""
    assert labels.usage(a_line(**changes), a_medicine()) == said
