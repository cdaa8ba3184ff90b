"""
The doctor's desk: what is found and what it costs follow each change of a draft; a pharmacist is
answered; another's history opens by the patient's word alone; a plan over months; names stay text.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web import phones
from tests.web.counter import paid
from tests.web.deeds import button, signs
from tests.web.looking import axe, fits, picture
from tests.web.test_clinic import MARKUP, add, at_a_pharmacy, enters, ready

DOCTOR = "liuzhou-hospital/doctor/1"
FUND = "柳州市示范医疗保障基金"


def drafts(page: Page, number: str, diagnosis: str = "高血压") -> None:
    """At the desk, for who shows this identity card."""
    page.goto("/doctor/prescribe")
    page.get_by_label("患者身份证号").fill(number)
    page.get_by_label("诊断名称").fill(diagnosis)
    page.keyboard.press("Enter")


def drop(page: Page, medicine: str) -> None:
    page.get_by_role("button", name=f"删除 {medicine}").click()


def told(page: Page, name: str) -> str:
    """What stands beside ``name`` in the part of prices."""
    row = page.locator("[data-prices] dl > div").filter(has=page.get_by_text(name, exact=True))
    return row.locator("dd").inner_text()


def fen(shown: str) -> list[int]:
    return [int(whole + cents) for whole, cents in re.findall(r"¥(\d+)\.(\d\d)", shown)]


def seen(page: Page, name: str) -> None:
    axe(page)
    fits(page)
    picture(page, name)


def test_what_is_found_and_what_it_costs_follow_the_draft(person, stack):
    """Allergy and interaction come with a medicine and go with it; twice as much costs twice."""
    patient = stack.somebody()
    stack.cast.patient(patient)
    doctor = enters(person, "doctor", DOCTOR)
    drafts(doctor, patient.id_number)
    doctor.get_by_label("过敏史").fill("青霉素过敏")
    add(doctor, "anlvdiping", "苯磺酸氨氯地平片", "1", "7")
    prices, found = doctor.locator("[data-prices]"), doctor.locator("[data-findings]")
    expect(prices).to_contain_text(FUND)
    expect(found).to_have_count(0)
    whole, promised = fen(told(doctor, "总价")), fen(told(doctor, FUND))
    doctor.get_by_label("数量").fill("2")
    expect(doctor.locator("[data-rule='rx.quantity_above_need']")).to_be_visible()
    assert fen(told(doctor, "总价")) == [2 * one for one in whole]
    assert sum(fen(told(doctor, FUND))) - 2 * sum(promised) in (0, 1)  # rounded once
    doctor.get_by_label("数量").fill("1")
    expect(found).to_have_count(0)

    add(doctor, "amxljn", "阿莫西林胶囊", "1", "5")
    expect(doctor.locator("[data-findings=blocks] [data-rule='rx.allergy']")).to_be_visible()
    drop(doctor, "阿莫西林胶囊")
    expect(found).to_have_count(0)
    add(doctor, "xftt", "辛伐他汀片", "1", "7")
    expect(doctor.locator("[data-rule='rx.interaction_care']")).to_be_visible()
    seen(doctor, "doctor-findings")
    drop(doctor, "辛伐他汀片")
    expect(found).to_have_count(0)
    drop(doctor, "苯磺酸氨氯地平片")
    expect(prices).to_have_count(0)
    expect(doctor.locator(".results")).to_contain_text("填写诊断和药品后")


def test_what_is_not_complete_is_said_and_a_finding_leads_to_its_own_line(person, stack):
    """A medicine without a dose is not judged, and the page does not say that nothing was found."""
    patient = stack.somebody()
    stack.cast.patient(patient)
    doctor = enters(person, "doctor", DOCTOR)
    drafts(doctor, patient.id_number)
    add(doctor, "bhsaldpp", "苯磺酸氨氯地平片", "1", "7")
    expect(doctor.locator(".results .good")).to_be_visible()
    first, second = doctor.locator("fieldset.line").first, doctor.locator("fieldset.line").nth(1)
    first.get_by_label("每次剂量").fill("")
    add(doctor, "mtle", "酒石酸美托洛尔片", "1", "60")
    blocks = doctor.locator("[data-findings=blocks]")
    expect(blocks.locator("[data-rule='rx.days_supply']")).to_be_visible()
    expect(doctor.locator("[data-unjudged='1']")).to_contain_text("1 种药品未填完")
    blocks.get_by_role("button", name="去修改").click()
    expect(second.get_by_label("天数")).to_be_focused()
    doctor.keyboard.type("7")
