"""
A doctor's and a reviewing pharmacist's desk in a browser: from a patient's question to the approved
prescription; what a rule forbids is not issued; text of others stays text.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from config.demo import form
from config.demo.phone import pickup_code
from config.servers.programs import wait_until
from tests.web.looking import DESK, axe, fits, picture

DOCTOR, REVIEWER = "liuzhou-hospital/doctor/1", "liuzhou-hospital/reviewer/9"
MARKUP = "<img src=x onerror=alert(1)>"
EVIL = {
    "code": "XEVIL00000000001",
    "generic_name": MARKUP,
    "form": "片剂",
    "specification": "<b>5mg</b>×28片",
    "unit": "盒",
    "pack_size": 28,
    "pack_unit": "片",
    "strength": "5",
    "strength_unit": "mg",
    "route": "1",
    "frequency": "qd",
    "atc": "",
    "manufacturer": "<script>alert(1)</script>",
    "insurance_class": "甲",
    "price_fen": 1,
}
"""A medicine of a catalogue that somebody has tampered with."""


def enters(person, area: str, who: str, **options) -> Page:
    """A desk at which one of the demo's persons has logged in."""
    page: Page = person(DESK, **options)
    page.goto(f"/enter#{area}//{who.replace('/', '%2F')}")
    page.get_by_role("button", name="以这位演示人物进入").click()
    page.wait_for_url(f"**/{area}/")
    ready(page)
    return page


def ready(page: Page) -> None:
    expect(page.locator("main[aria-busy=false]")).to_be_attached()
    expect(page.locator("[data-state=loading]")).to_have_count(0)


def sign(page: Page) -> None:
    """Sign what the sheet shows."""
    page.get_by_role("button", name="签名确认").click()


def seen(page: Page, name: str) -> None:
    axe(page)
    fits(page)
    picture(page, name)


def a_question(stack, patient) -> tuple[str, str]:
    """What a patient has asked the doctor's department, with evidence: its path and complaint."""
    client = stack.cast.patient(patient)
    departments = client.get("/api/organisations/liuzhou-hospital/departments")["departments"]
    complaint = f"血压控制平稳，申请续方。{patient.id_number[-6:]}{MARKUP}"
    asked = client.write(
        "/api/consultations",
        {
            "department": next(it["id"] for it in departments if it["name"] == "心血管内科"),
            "complaint": complaint,
            "earlier": {
                "hospital": "柳州市示范人民医院",
                "on": (datetime.now(UTC).date() - timedelta(days=90)).isoformat(),
                "diagnoses": [{"code": "I10.x00", "name": "高血压"}],
                "picture": form.PICTURE,
            },
        },
    )["id"]
    client.command(f"/api/consultations/{asked}/ask")
    return f"/api/consultations/{asked}", complaint


def add(page: Page, typed: str, name: str, dose: str, days: str) -> None:
    """A medicine, by the keyboard alone."""
    page.keyboard.press("Alt+m")
    page.keyboard.type(typed)
    expect(page.locator("#medicines-found li").first).to_contain_text(name)
    page.keyboard.press("Enter")
    page.keyboard.type(dose)
    for _ in range(2):
        page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type(days)


def review(page: Page, complaint: str) -> None:
    """Take what waits until it is this patient's; approve it."""
    while True:
        page.keyboard.press("Alt+n")
        expect(page.locator("article")).to_be_visible()
        if complaint in page.locator("article").inner_text():
            return
        page.get_by_role("button", name="审核通过").click()
        sign(page)
        expect(page.locator("article")).to_have_count(0)


def test_from_a_question_to_an_approved_prescription(person, stack, watch):
    """Findings while typing, a block stops the issue; a reviewer approves what remains."""
    patient = stack.somebody()
    path, complaint = a_question(stack, patient)
    doctor = enters(person, "doctor", DOCTOR)
    seen(doctor, "doctor-consultations")
    doctor.locator("[data-list=waiting] a", has_text=complaint).click()
    doctor.get_by_role("button", name="接诊", exact=True).click()
    doctor.get_by_role("button", name="下一步").click()
    sign(doctor)
    expect(doctor.locator("section[data-state=open]")).to_contain_text(complaint)

    stack.cast.patient(patient).write(f"{path}/messages", {"text": f"请问可以续方吗？{MARKUP}"})
    stack.cast.patient(patient).write(f"{path}/pictures", {"picture": form.PICTURE})
    doctor.get_by_label("回复患者").fill("已查看既往诊断，可以续方。")
    doctor.keyboard.press("Enter")
    expect(doctor.locator(".chat li")).to_have_count(3)
    expect(doctor.locator(".chat")).to_contain_text(MARKUP)
    doctor.get_by_role("button", name="查看图片").click()
    expect(doctor.locator(".chat img.shown")).to_be_visible()

    doctor.get_by_role("button", name="＋ 高血压").click()
    add(doctor, "bhsaldpp", "苯磺酸氨氯地平片", "1", "30")
    blocks = doctor.locator("[data-findings=blocks]")
    expect(blocks.locator("[data-rule='rx.days_supply']")).to_contain_text("第十九条")
    watch.expect("status of 422")
    doctor.keyboard.press("Control+Enter")
    expect(doctor.locator(".toast.bad")).to_contain_text("prescription.rule_broken")
    blocks.get_by_role("button", name="去修改").first.click()
    doctor.keyboard.press("Control+a")
    doctor.keyboard.type("7")
    expect(blocks).to_have_count(0)
    expect(doctor.locator("[data-prices]")).to_contain_text("患者自付")
    seen(doctor, "doctor-prescribing")
    doctor.keyboard.press("Control+Enter")
    expect(doctor.get_by_role("dialog")).to_contain_text("苯磺酸氨氯地平片")
    picture(doctor, "doctor-signing")
    sign(doctor)
    doctor.get_by_role("link", name="已开具的处方").click()
    expect(doctor.locator("section[data-status=issued]")).to_contain_text("苯磺酸氨氯地平片")

    reviewer = enters(person, "reviewer", REVIEWER)
    review(reviewer, complaint)
    expect(reviewer.get_by_role("timer")).to_contain_text(":")
    seen(reviewer, "reviewer-side-by-side")
    reviewer.keyboard.press("Alt+y")
    sign(reviewer)
    expect(reviewer.locator(".toast")).to_contain_text("审核通过")

    doctor.reload()
    expect(doctor.locator("section[data-status=approved]")).to_be_visible()
    seen(doctor, "doctor-prescription")


def test_text_of_others_is_text(person, stack):
    """A medicine's name with markup does nothing; templates stay on the device."""
    doctor = enters(person, "doctor", DOCTOR)
    answer = json.dumps({"medicines": [EVIL], "next": None})
    doctor.route("**/api/medicines*", lambda route: route.fulfill(body=answer))
    doctor.goto("/doctor/prescribe")
    doctor.get_by_label("搜索药品").fill("x")
    expect(doctor.locator("#medicines-found li")).to_contain_text(MARKUP)
    doctor.keyboard.press("Enter")
    expect(doctor.locator("fieldset.line")).to_contain_text(MARKUP)
    assert doctor.locator("main img, main script").count() == 0
    doctor.get_by_text("常用处方模板").click()
    doctor.get_by_label("每次剂量").fill("5")
    doctor.get_by_label("模板名称").fill("血压<i>")
    doctor.get_by_role("button", name="把当前药品存为模板").click()
    doctor.reload()
    doctor.get_by_text("常用处方模板").click()
    doctor.get_by_role("button", name="血压<i>", exact=True).click()
    expect(doctor.get_by_label("每次剂量")).to_have_value("5")
    seen(doctor, "doctor-desk")
    doctor.goto("/doctor/prescriptions")
    ready(doctor)
    seen(doctor, "doctor-prescriptions")


@pytest.mark.parametrize("page", ["appraisal", "figures"])
def test_the_reviewers_other_pages(person, watch, page):
    watch.expect("status of 404")  # nothing was drawn of that month
    reviewer = enters(person, "reviewer", REVIEWER)
    reviewer.goto(f"/reviewer/{page}")
    ready(reviewer)
    seen(reviewer, f"reviewer-{page}")


def at_a_pharmacy(stack, patient, prescription: str) -> None:
    """Approved, and the patient has chosen a pharmacy, whose pharmacist asks for a change."""
    path = f"/api/prescriptions/{prescription}"
    reviewer = stack.cast.member("liuzhou-hospital", "reviewer")
    reviewer.command(f"{path}/review", {"decision": "approve", "reason": "none"})
    pharmacy = "longcheng-pharmacy"
    chosen = {"pharmacy": pharmacy, "way": "collect", "payers": []}
    client = stack.cast.patient(patient)
    client.command(f"{path}/authorize", chosen)
    order = client.write(f"{path}/pay", {})["out_trade_no"]
    stack.wechat("pay", **client.get(f"/api/payments/{order}/parameters"))
    assert wait_until(lambda: client.get(path)["status"] == "paid", 60, pause_s=0.2)
    origin = stack.cast.http.get("/log/checkpoint").text.partition("\n")[0]
    code = pickup_code(client, prescription, pharmacy, origin)
    pharmacist = stack.cast.member(pharmacy, "pharmacist")
    pharmacist.write("/api/scans", {"code": code})
    asked = {"reason": "dose", "words": f"请核对天数{MARKUP}", "salt": "AAAAAAAAAAAAAAAAAAAAAA=="}
    pharmacist.command(f"{path}/change-request", asked)


def test_a_pharmacist_asks_and_an_emergency_needs_two(person, stack, watch):
    """By identity number; changed on request; broken glass shows what was written."""
    patient = stack.somebody()
    stack.cast.patient(patient)
    doctor = enters(person, "doctor", "liuzhou-hospital/doctor/2", color_scheme="dark")
    doctor.goto("/doctor/prescribe")
    doctor.get_by_label("患者身份证号").fill(patient.id_number)
    doctor.get_by_label("诊断名称").fill("2型糖尿病")
    doctor.keyboard.press("Enter")
    add(doctor, "ysejsg", "盐酸二甲双胍", "1", "14")
    doctor.locator("[data-rule='rx.days_supply']").get_by_role("button", name="注明理由").click()
    doctor.keyboard.type("病情稳定，外出")
    expect(doctor.locator("[data-findings=blocks]")).to_have_count(0)
    doctor.keyboard.press("Control+Enter")
    sign(doctor)
    doctor.wait_for_url("**/doctor/prescription#*")
    prescription = doctor.url.partition("#")[2]
    expect(doctor.locator("section[data-status=issued]")).to_be_visible()

    at_a_pharmacy(stack, patient, prescription)
    doctor.goto("/doctor/tasks")
    request = doctor.locator(f"[data-request='{prescription}']")
    expect(request).to_contain_text(MARKUP)
    seen(doctor, "doctor-tasks")
    request.get_by_role("link", name="修改处方").click()
    doctor.get_by_label("天数").first.fill("7")
    seen(doctor, "doctor-change")
    doctor.get_by_role("button", name="核对并签名修改").click()
    sign(doctor)
    expect(doctor.locator("section[data-status=issued]")).to_contain_text("二甲双胍")

    watch.expect("status of 403")
    doctor.goto("/doctor/history")
    doctor.get_by_label("患者身份证号").fill(patient.id_number)
    doctor.get_by_role("button", name="查看用药史").click()
    expect(doctor.locator("[data-code='access.not_granted']")).to_be_visible()
    doctor.get_by_role("button", name="紧急查看").click()
    doctor.get_by_label("为什么来不及征得患者同意").fill(f"昏迷{MARKUP}")
    doctor.get_by_role("button", name="下一步").click()
    sign(doctor)
    expect(doctor.locator(".toast.good")).to_contain_text("另一名医师")
    colleague = enters(person, "doctor", "liuzhou-hospital/doctor/3")
    colleague.goto("/doctor/tasks")
    colleague.locator("[data-list=pleas] button").first.click()
    expect(colleague.get_by_role("dialog")).to_contain_text(MARKUP)
    colleague.get_by_role("button", name="下一步").click()
    sign(colleague)
    expect(colleague.locator(".toast.good")).to_contain_text("已签署")
    doctor.get_by_role("button", name="查看用药史").click()
    expect(doctor.locator("[data-part=history]")).to_contain_text("二甲双胍")
    seen(doctor, "doctor-history")

    doctor.goto(f"/doctor/prescription#{prescription}")
    doctor.get_by_role("button", name="取消处方").click()
    doctor.get_by_role("button", name="下一步").click()
    sign(doctor)
    expect(doctor.locator("section[data-status=cancelled]")).to_be_visible()
