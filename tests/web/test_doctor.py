"""
The doctor's desk: what is found and what it costs follow each change of a draft; a pharmacist is
answered; another's history opens by the patient's word alone; a plan over months; names stay text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.web import phones
from tests.web.counter import Waiting
from tests.web.deeds import button, signs, until
from tests.web.looking import axe, fits, picture
from tests.web.test_clinic import MARKUP, add, at_a_pharmacy, enters

DOCTOR = "liuzhou-hospital/doctor/1"
FUND, PHARMACY = "柳州市示范医疗保障基金", "龙城示范大药房"


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


def test_a_plan_from_a_template_in_three_issues(person, stack):
    """Kept once, used for another patient; all issues are signed together and stand in the plan."""
    patient = stack.somebody(name=MARKUP)
    stack.cast.patient(patient)
    doctor = enters(person, "doctor", DOCTOR)
    doctor.goto("/doctor/prescribe")
    add(doctor, "bhsaldpp", "苯磺酸氨氯地平片", "1", "28")
    doctor.get_by_text("常用处方模板").click()
    doctor.get_by_label("模板名称").fill("高血压四周")
    button(doctor, "把当前药品存为模板").click()
    expect(doctor.locator(".toast.good")).to_contain_text("不含患者信息")
    drafts(doctor, patient.id_number)
    doctor.get_by_text("常用处方模板").click()
    button(doctor, "高血压四周").click()
    expect(doctor.get_by_label("天数", exact=True)).to_have_value("28")
    blocks = doctor.locator("[data-findings=blocks]")
    expect(blocks.locator("[data-rule='rx.days_supply']")).to_be_visible()
    doctor.get_by_text("患者情况、长期处方与理由").click()
    doctor.get_by_label("长期处方", exact=True).check()
    doctor.get_by_label("分几次取药").fill("3")
    doctor.get_by_label("间隔天数").fill("40")
    expect(blocks.locator("[data-rule='rx.long_term_interval']")).to_be_visible()
    doctor.get_by_label("间隔天数").fill("28")
    button(blocks.locator("[data-rule='rx.long_term_days']"), "注明理由").click()
    doctor.keyboard.type("病情稳定，定期随访")
    expect(blocks).to_have_count(0)
    seen(doctor, "doctor-long-term")
    doctor.keyboard.press("Control+Enter")
    expect(doctor.get_by_role("dialog").get_by_role("heading", level=3)).to_have_count(3)
    signs(doctor)
    doctor.wait_for_url("**/doctor/prescription#*")
    plan = doctor.locator(".weui-cells__group", has_text="长期处方计划").locator(".weui-cell")
    expect(plan).to_have_count(3)
    expect(plan.nth(2)).to_contain_text("第3/3次")
    expect(doctor.locator(".content")).to_contain_text(MARKUP)
    assert doctor.locator("main img, main script").count() == 0
    seen(doctor, "doctor-plan")
    plan.nth(2).click()
    expect(doctor.locator("section[data-status=issued]")).to_contain_text("第3/3次")
    button(doctor, "停用长期处方").click()
    button(doctor.get_by_role("dialog"), "下一步").click()
    signs(doctor)
    expect(doctor.locator("section[data-status=cancelled]")).to_be_visible()


def test_a_pharmacist_is_answered_that_all_stays(person, stack):
    """From the list of what waits; the pharmacy is called by its name."""
    patient = stack.somebody()
    stack.cast.patient(patient)
    doctor = enters(person, "doctor", DOCTOR)
    drafts(doctor, patient.id_number)
    add(doctor, "bhsaldpp", "苯磺酸氨氯地平片", "1", "7")
    doctor.keyboard.press("Control+Enter")
    signs(doctor)
    doctor.wait_for_url("**/doctor/prescription#*")
    rx = doctor.url.partition("#")[2]
    at_a_pharmacy(stack, patient, rx)
    doctor.goto("/doctor/tasks")
    request = doctor.locator(f"[data-request='{rx}']")
    expect(request).to_contain_text(MARKUP)
    assert doctor.locator("main img, main script").count() == 0
    button(request, "不修改").click()
    doctor.get_by_role("dialog").get_by_label("原因").select_option("intended")
    button(doctor.get_by_role("dialog"), "下一步").click()
    signs(doctor)
    expect(doctor.locator(".toast.good")).to_contain_text("已答复药师")
    expect(request).to_have_count(0)
    doctor.goto(f"/doctor/prescription#{rx}")
    expect(doctor.locator("section[data-status=paid]")).to_contain_text(PHARMACY)
    seen(doctor, "doctor-answered")
    client = stack.cast.patient(patient)
    Waiting(stack, client, rx, "longcheng-pharmacy").handed_over()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    grant = {"to": "liuzhou-hospital", "purpose": "treatment", "until": tomorrow}
    client.command("/api/me/grants", {**grant, "opens": ["dispensing/", "line/"]})
    asks(doctor, patient.id_number)
    expect(doctor.locator("[data-part=history]")).to_contain_text(PHARMACY)


def test_a_history_opens_by_the_patients_grant_alone(person, stack, watch):
    """Refused, granted on the phone, read, seen in the patient's list of looks, withdrawn, refused."""
    watch.expect("status of 403")
    patient = stack.somebody()
    phone = phones.opened(person(), stack, patient, "patient/grants")
    prescribed(stack, patient)
    doctor = enters(person, "doctor", DOCTOR)
    asks(doctor, patient.id_number)
    expect(doctor.locator("[data-code='access.not_granted']")).to_be_visible()

    button(phone, "新的授权").click()
    phone.get_by_label("机构").select_option("liuzhou-hospital")
    button(phone, "核对并签名").click()
    signs(phone)
    expect(button(phone, "撤回授权")).to_be_visible()
    button(doctor, "查看用药史").click()
    shown = doctor.locator("[data-part=history]")
    expect(shown).to_contain_text("苯磺酸氨氯地平片")
    expect(shown).to_contain_text("依据：患者授权")
    seen(doctor, "doctor-granted")

    phones.goes(phone, "patient/looks")
    until(phone, phone.locator(".looks", has_text="覃范南"))
    phones.goes(phone, "patient/grants")
    button(phone, "撤回授权").click()
    signs(phone)
    expect(phone.get_by_text("目前没有有效的授权。")).to_be_visible()
    button(doctor, "查看用药史").click()
    expect(doctor.locator("[data-code='access.not_granted']")).to_be_visible()
    expect(shown).not_to_contain_text("苯磺酸氨氯地平片")


def prescribed(stack, patient) -> None:
    """One of this patient's, issued by API."""
    doctor = stack.cast.member("liuzhou-hospital", "doctor")
    usage = {"dose": "5", "dose_unit": "mg", "route": "1", "frequency": "qd"}
    line = {"medicine": "XC08CAA023E002010110851", **usage, "days": 7, "quantity": 1}
    body = {
        "patient": patient.id_number,
        "online": False,
        "diagnoses": [{"code": "I10.x00", "name": "高血压", "main": True}],
        "lines": [line],
    }
    rx = str(doctor.write("/api/prescriptions", body)["id"])
    doctor.command(f"/api/prescriptions/{rx}/issue")


def asks(doctor: Page, number: str) -> None:
    doctor.goto("/doctor/history")
    doctor.get_by_label("患者身份证号").fill(number)
    button(doctor, "查看用药史").click()
