"""
The reviewing pharmacist's desk: what waits, what speaks about it, the decision and its figures; the
appraisal of a case; and that nobody decides what the page does not show any more.
"""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from hospital.client import Client
from tests.web.deeds import button, signs
from tests.web.looking import axe, fits, picture
from tests.web.test_clinic import MARKUP, a_question, enters, ready, review

HOSPITAL = "liuzhou-hospital"
REVIEWER, ANOTHER = f"{HOSPITAL}/reviewer/9", f"{HOSPITAL}/reviewer/10"
LAST = "您对青霉素过敏，我记下了"
AMLODIPINE, SIMVASTATIN = "XC08CAA023E002010110851", "XC10AAA038E002010111406"


def issued(stack, name: str) -> tuple[str, Client]:
    """Two medicines that warn of each other, for a new patient of this name; its doctor."""
    patient = stack.somebody(name=name)
    stack.cast.introduce(patient)
    doctor = stack.cast.member(HOSPITAL, "doctor")
    lines = [
        {"medicine": code, "dose": dose, "dose_unit": "mg", "frequency": often, "days": 7}
        for code, dose, often in ((AMLODIPINE, "5", "qd"), (SIMVASTATIN, "20", "qn"))
    ]
    body = {
        "patient": patient.id_number,
        "online": False,
        "diagnoses": [{"code": "I10.x00", "name": "高血压", "main": True}],
        "allergies": f"青霉素{MARKUP}",
        "lines": [{**line, "route": "1", "quantity": 1} for line in lines],
    }
    rx = str(doctor.write("/api/prescriptions", body)["id"])
    doctor.command(f"/api/prescriptions/{rx}/issue")
    return rx, doctor


def issued_online(stack) -> str:
    """After a talk of more than a page; what the patient complained of."""
    patient = stack.somebody()
    path, complaint = a_question(stack, patient)
    doctor = stack.cast.member(HOSPITAL, "doctor")
    doctor.command(f"{path}/accept", {"follow_up": True, "guardian": False})
    for number in range(50):
        stack.cast.patient(patient).write(f"{path}/messages", {"text": f"第{number}天血压正常"})
    doctor.write(f"{path}/messages", {"text": LAST})
    usage = {"dose": "5", "dose_unit": "mg", "route": "1", "frequency": "qd"}
    body = {
        "online": True,
        "consultation": path.rpartition("/")[2],
        "diagnoses": [{"code": "I10.x00", "name": "高血压", "main": True}],
        "lines": [{"medicine": AMLODIPINE, **usage, "days": 7, "quantity": 1}],
    }
    rx = doctor.write("/api/prescriptions", body)["id"]
    doctor.command(f"/api/prescriptions/{rx}/issue")
    return complaint


def seen(page: Page, name: str) -> None:
    axe(page)
    fits(page)
    picture(page, name)


def told(page: Page, name: str) -> int:
    """A number of the month's figures."""
    row = page.locator("dl > div").filter(has=page.get_by_text(name, exact=True)).first
    return int(row.locator("dd").inner_text())


def figures(page: Page, name: str) -> int:
    page.goto("/reviewer/figures")
    ready(page)
    return told(page, name)


def test_what_speaks_against_it_is_seen_and_it_goes_back(person, stack, watch):
    """From the queue to the doctor's page; the patient's name does nothing; the figures count it."""
    watch.expect("status of 404")  # nothing was drawn of this month
    reviewer = enters(person, "reviewer", REVIEWER)
    before = figures(reviewer, "退回：配伍禁忌或相互作用") if returned_before(reviewer) else 0
    whose = f"{MARKUP}{datetime.now(UTC):%f}"
    rx, doctor = issued(stack, whose)
    reviewer.goto("/reviewer/")
    ready(reviewer)
    assert int(reviewer.locator("[data-waiting]").get_attribute("data-waiting") or 0) >= 1
    seen(reviewer, "reviewer-queue")
    review(reviewer, whose)
    case = reviewer.locator(f"article[data-prescription='{rx}']")
    expect(case.locator("[data-part=content]")).to_contain_text("辛伐他汀片")
    warned = case.locator("[data-findings=warnings] [data-rule='rx.interaction_care']")
    expect(warned).to_contain_text("药物相互作用")
    assert reviewer.locator("main img, main script").count() == 0
    seen(reviewer, "reviewer-warned")
    reviewer.keyboard.press("Alt+b")
    reviewer.get_by_role("dialog").get_by_label("原因").select_option("interaction")
    button(reviewer.get_by_role("dialog"), "下一步").click()
    expect(reviewer.get_by_role("dialog")).to_contain_text("配伍禁忌或相互作用")
    signs(reviewer)
    expect(reviewer.locator(".toast")).to_contain_text("已退回医师")
    expect(case).to_have_count(0)
    assert doctor.get(f"/api/prescriptions/{rx}")["status"] == "returned"
    assert figures(reviewer, "退回：配伍禁忌或相互作用") > before
    seen(reviewer, "reviewer-figures")


def returned_before(page: Page) -> bool:
    page.goto("/reviewer/figures")
    ready(page)
    return page.get_by_text("退回：配伍禁忌或相互作用", exact=True).count() > 0


def test_a_case_is_opened_by_its_address_and_judged(person, stack, watch):
    """One that another has reviewed; who reviewed it may not."""
    watch.expect("status of 403")
    watch.expect("status of 404")  # nothing was drawn of the last month
    rx, _ = issued(stack, MARKUP)
    approve = {"decision": "approve", "reason": "none"}
    stack.cast.member(HOSPITAL, "reviewer").command(f"/api/prescriptions/{rx}/review", approve)
    month = stack.operator("sample", HOSPITAL, rx)
    own = enters(person, "reviewer", REVIEWER)
    own.goto(f"/reviewer/case#{rx}")
    expect(own.locator("[data-code='appraisal.own_review']")).to_contain_text("不能点评")

    page = enters(person, "reviewer", ANOTHER)
    page.goto(f"/reviewer/case#{rx}")
    expect(page.locator(".content")).to_contain_text("苯磺酸氨氯地平片")
    expect(page.locator(".content")).to_contain_text(MARKUP)
    assert page.locator("main img, main script").count() == 0
    page.get_by_label("2-8").check()
    expect(page.get_by_role("status").filter(has_text="用药不适宜")).to_be_visible()
    seen(page, "reviewer-case")
    button(page, "签名点评").click()
    expect(page.get_by_role("dialog")).to_contain_text("用药不适宜")
    signs(page)
    expect(page.locator("aside")).to_contain_text("2-8")
    page.goto("/reviewer/appraisal")
    page.get_by_label("月份").fill(month)
    button(page, "查看抽样").click()
    expect(page.locator("[data-list=cases] a")).to_contain_text("用药不适宜")
    seen(page, "reviewer-appraisal")
    page.locator("[data-list=cases] a").click()
    expect(page.locator("aside")).to_contain_text("2-8")


def test_what_the_page_shows_no_more_is_not_decided(person, stack):
    """Two keys at once open one sheet; when the lease is over they open none."""
    whose = f"{MARKUP}{datetime.now(UTC):%f}"
    rx, doctor = issued(stack, whose)
    reviewer = enters(person, "reviewer", REVIEWER)
    review(reviewer, whose)
    case = reviewer.locator(f"article[data-prescription='{rx}']")
    reviewer.keyboard.press("Alt+y")
    reviewer.keyboard.press("Alt+y")
    button(reviewer.get_by_role("dialog"), "取消").click()
    expect(reviewer.get_by_role("dialog")).to_have_count(0)
    until = case.get_by_role("timer").get_attribute("data-lease")
    assert until
    reviewer.evaluate("(at) => { Date.now = () => new Date(at).getTime(); }", until)
    expect(case).to_have_count(0)
    reviewer.keyboard.press("Alt+y")
    reviewer.keyboard.press("Alt+b")
    expect(reviewer.get_by_role("dialog")).to_have_count(0)
    reviewer.wait_for_load_state("networkidle")
    expect(reviewer.get_by_role("dialog")).to_have_count(0)
    assert doctor.get(f"/api/prescriptions/{rx}")["status"] == "issued"
    stack.cast.member(HOSPITAL, "reviewer").write(f"/api/prescriptions/{rx}/review/release", {})


def test_all_of_a_talk_is_there_to_be_read(person, stack):
    """A page holds 50 messages: the last ones, on which it was prescribed, stand there too."""
    complaint = issued_online(stack)
    reviewer = enters(person, "reviewer", REVIEWER)
    review(reviewer, complaint)
    talk = reviewer.locator("[data-part=consultation]")
    expect(talk.locator(".chat li")).to_have_count(51)
    expect(talk.locator(".chat")).to_contain_text(LAST)
    seen(reviewer, "reviewer-talk")
    reviewer.keyboard.press("Alt+y")
    signs(reviewer)
    expect(reviewer.locator(".toast")).to_contain_text("审核通过")
