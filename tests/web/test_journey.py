"""
A prescription's whole way on the screens: everybody has an own browser and an own key, does what his
page offers, and sees what the others did. What is asked by API is only who the patient is.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from prescriptions.uploaded import Patient
from tests.web import boards, deeds
from tests.web.counter import AMLODIPINE
from tests.web.deeds import DOCTOR, PHARMACY, REVIEWER, button, goes, ready, signs, until
from tests.web.entering import played
from tests.web.looking import DESK, PHONE
from tests.web.test_clinic import review

STEPS = [
    *("consultation.ask", "consultation.accept", "prescription.issue", "prescription.review"),
    *("prescription.authorize", "insurance.pay", "pharmacy.dispense", "pharmacy.ship"),
    *("pharmacy.deliver", "insurance.claim"),
]
MARKUP = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
TAKEN = "document.title === 'taken' || document.querySelectorAll('img[src=x], main script, dialog script').length"


@pytest.fixture
def desk(person):
    """One of the demo's staff at a desk."""

    def comes(name: str) -> Page:
        page: Page = person(DESK)
        played(page, name)
        return ready(page)

    return comes


def asked(somebody: Patient, more: str = "") -> str:
    """What nobody else complains of."""
    return f"血压控制平稳，申请续方。{somebody.id_number[-8:]}{more}"


def approved(stack, desk, phone: Page, somebody: Patient, more: str = "") -> str:
    """Asked, seen, prescribed and reviewed; the prescription's id."""
    complaint = asked(somebody, more)
    deeds.asks(phone, complaint)
    doctor = desk(DOCTOR)
    deeds.accepts(doctor, complaint)
    deeds.prescribes(doctor)
    deeds.issues(doctor)
    deeds.approves(desk(REVIEWER), complaint)
    return deeds.opens_the_prescription(phone)


def test_from_a_question_to_a_decided_claim(person, stack, desk, camera):
    """A1, K1: each step is made on its own person's screen, and shown on the next one's."""
    board = boards.watch(desk("liuzhou-regulator/regulator/1"))
    somebody, phone = stack.somebody(), person(PHONE, device_scale_factor=2)
    deeds.comes(phone, stack, somebody, insured=True)
    complaint = asked(somebody)
    question = boards.subject("consultation", deeds.asks(phone, complaint))
    board.shows("consultation.ask", question)
    doctor = desk(DOCTOR)
    deeds.accepts(doctor, complaint)
    board.shows("consultation.accept", question)
    deeds.prescribes(doctor)
    deeds.issues(doctor)
    deeds.approves(desk(REVIEWER), complaint)
    rx = deeds.opens_the_prescription(phone)
    way = boards.subject("rx", rx)
    board.shows("prescription.review", way)
    deeds.authorizes(phone, rx, somebody)
    board.shows("prescription.authorize", way)
    deeds.pays(phone)
    board.shows("insurance.pay", way)

    pharmacist = desk(f"{PHARMACY}/pharmacist/1")
    deeds.scans(pharmacist, camera, deeds.shows_the_code(phone))
    expect(pharmacist.get_by_role("heading", name=somebody.name)).to_be_visible()
    deeds.gives_out(pharmacist)
    board.shows("pharmacy.dispense", way)
    expect(phone.get_by_text("等待配送员取件").first).to_be_visible()

    courier = person()
    played(courier, f"{deeds.COURIER}/courier/1")
    deeds.fetches(courier, rx)
    board.shows("pharmacy.ship", way)
    deeds.receives(phone, rx)
    board.shows("pharmacy.deliver", way)
    board.shows("insurance.claim", way)

    goes(phone, f"patient/bill#{rx}")
    decided = phone.locator(f"[data-payer='{deeds.FUND}']")
    until(phone, decided.get_by_role("link", name="查看这个决定的凭证"))
    expect(phone.locator("[data-line='1']")).to_contain_text("已同意")

    officer = desk(f"{deeds.FUND}/officer/2")
    goes(officer, f"payer/claim#{rx}/0/")
    steps = officer.locator(".weui-cells__group", has_text="证据").locator(".weui-cell")
    claim = steps.filter(has_text="保险理赔申请")
    until(officer, claim.locator(".mark.good"))
    expect(steps.filter(has_text="药师发药").locator(".mark.good")).to_be_visible()

    assert board.showed([question, way]) == STEPS
    sys.stdout.write(f"{boards.told(board.delays_s([question, way]))}\n")


def test_who_withdraws_after_paying_gets_the_money_back(person, stack, desk):
    """E1: the order at WeChat says what came back: all of it."""
    somebody, phone = stack.somebody("覃美玲"), person()
    deeds.comes(phone, stack, somebody)
    rx = approved(stack, desk, phone, somebody)
    deeds.authorizes(phone, rx)
    own = phone.locator(".pay .big-sum").inner_text()
    order = deeds.pays(phone)
    goes(phone, f"patient/prescription#{rx}")
    button(phone, "撤回授权，另选药房").click()
    signs(phone)
    expect(phone.get_by_text("已撤回，付过的钱会退还。")).to_be_visible()
    expect(phone.get_by_role("link", name="选药房")).to_be_visible()
    expect(phone.locator("[data-kind='prescription.withdraw']")).to_be_visible()
    assert deeds.refunded(phone, stack, order) == round(float(own.lstrip("¥")) * 100)


def test_a_pharmacy_declines_and_a_doctor_is_stopped_by_a_rule(person, stack, desk, camera, watch):
    """R1, C4: the patient chooses again; what a rule forbids never becomes a prescription."""
    somebody, phone = stack.somebody("韦建国"), person(PHONE, device_scale_factor=2)
    deeds.comes(phone, stack, somebody)
    complaint = asked(somebody)
    deeds.asks(phone, complaint)
    doctor = desk(DOCTOR)
    deeds.accepts(doctor, complaint)
    deeds.prescribes(doctor, days="30")
    blocks = doctor.locator("[data-findings=blocks]")
    expect(blocks.locator("[data-rule='rx.days_supply']")).to_contain_text("第十九条")
    watch.expect("status of 422")
    doctor.keyboard.press("Control+Enter")
    expect(doctor.locator(".toast.bad")).to_contain_text("prescription.rule_broken")
    goes(phone, "patient/")
    expect(phone.locator("[data-state=empty]")).to_be_visible()
    blocks.get_by_role("button", name="去修改").first.click()
    doctor.keyboard.press("Control+a")
    doctor.keyboard.type("7")
    deeds.issues(doctor)
    deeds.approves(desk(REVIEWER), complaint)

    rx = deeds.opens_the_prescription(phone)
    deeds.authorizes(phone, rx)
    order = deeds.pays(phone)
    pharmacist = desk(f"{PHARMACY}/pharmacist/1")
    deeds.scans(pharmacist, camera, deeds.shows_the_code(phone))
    pharmacist.get_by_text("不能照方发药").click()
    button(pharmacist, "无法调配，退回处方").click()
    pharmacist.locator("dialog select[name=reason]").select_option("out_of_stock")
    button(pharmacist, "下一步").click()
    signs(pharmacist, "签名退回")
    expect(pharmacist.get_by_text("已退回，患者可另选药房。")).to_be_visible()
    expect(phone.get_by_role("link", name="选药房")).to_be_visible()  # the page goes on by itself
    expect(phone.locator("[data-kind='pharmacy.decline']")).to_contain_text("缺货")
    goes(phone, "patient/me")
    expect(phone.get_by_text("药房无法调配您的处方，请另选药房。已付款项将退回。")).to_be_visible()
    assert deeds.refunded(phone, stack, order) > 0


def test_a_recall_arrives_on_the_phone(person, stack, desk, camera):
    """D3: of the lot that was given out, and of no other."""
    somebody, phone = stack.somebody("莫丽华"), person(PHONE, device_scale_factor=2)
    deeds.comes(phone, stack, somebody)
    number = f"召回{somebody.id_number[-8:]}"
    a_lot(stack, number)
    rx = approved(stack, desk, phone, somebody)
    deeds.authorizes(phone, rx)
    deeds.pays(phone)
    pharmacist = desk(f"{PHARMACY}/pharmacist/1")
    deeds.scans(pharmacist, camera, deeds.shows_the_code(phone))
    expect(pharmacist.locator("[data-medicine]")).to_contain_text(number)
    deeds.gives_out(pharmacist)
    deeds.receives(phone, rx)
    goes(phone, "patient/")
    expect(phone.locator("[data-recall]")).to_have_count(0)

    regulator = desk("liuzhou-regulator/regulator/1")
    goes(regulator, "board/recalls")
    regulator.get_by_label("药品").fill(AMLODIPINE)
    regulator.get_by_label("批号").fill(number)
    button(regulator, "签名并召回").click()
    signs(regulator)
    expect(regulator.get_by_text("召回已生效，各药房立即停发。")).to_be_visible()
    until(phone, phone.locator("[data-recall]", has_text=number))
    expect(phone.locator("[data-recall]")).to_contain_text("请马上停用这种药")
    goes(phone, "patient/me")
    until(phone, phone.get_by_text("您领取的一种药品被召回，请打开查看。"))


def a_lot(stack, number: str) -> None:
    """One package of what is prescribed here, that expires before all others at this pharmacy."""
    goods = {"medicine": AMLODIPINE, "number": number, "units": 1, "document": "送货单"}
    soon = f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}"
    pharmacist = stack.cast.member(PHARMACY, "pharmacist")
    pharmacist.write("/api/stock/receipts", {**goods, "expires_on": soon})


def test_markup_in_names_and_messages_does_nothing_anywhere(person, stack, camera, watch):
    """K1: a medicine, a pharmacy, a patient and what he writes are called like scripts."""
    somebody = stack.somebody(f"韦{MARKUP}"[:50])
    complaint = asked(somebody, MARKUP)

    def one(name: str = "", shape: tuple[int, int] = DESK) -> Page:
        page: Page = person(shape, device_scale_factor=2, service_workers="block")
        page.context.route("**/api/**", renamed)
        if name:
            played(page, name)
            ready(page)
        return page

    phone = one(shape=PHONE)
    deeds.comes(phone, stack, somebody)
    deeds.asks(phone, complaint)
    doctor = one(DOCTOR)
    deeds.accepts(doctor, complaint)
    harmless(doctor, MARKUP)
    phone.reload()
    phone.get_by_label("输入消息").fill(MARKUP)
    button(phone, "发送").click()
    harmless(phone, MARKUP)
    expect(doctor.locator(".chat")).to_contain_text(MARKUP)
    deeds.prescribes(doctor, medicine=MARKUP)
    deeds.issues(doctor)
    harmless(doctor, MARKUP)
    reviewer = one(REVIEWER)
    review(reviewer, complaint)
    harmless(reviewer, MARKUP)
    reviewer.keyboard.press("Alt+y")
    signs(reviewer)

    rx = deeds.opens_the_prescription(phone)
    expect(phone.locator(".seal")).to_contain_text("不一致", timeout=deeds.PROOF_MS)
    harmless(phone, MARKUP)
    goes(phone, f"patient/choose#{rx}")
    harmless(phone, f"鱼峰{MARKUP}")
    deeds.authorizes(phone, rx, somebody)
    deeds.pays(phone)
    harmless(phone, f"鱼峰{MARKUP}")
    pharmacist = one(f"{PHARMACY}/pharmacist/1")
    deeds.scans(pharmacist, camera, deeds.shows_the_code(phone))
    harmless(pharmacist, MARKUP)
    deeds.gives_out(pharmacist)
    pharmacist.get_by_role("link", name="打印用药标签").click()
    harmless(pharmacist, MARKUP)
    courier = one(f"{deeds.COURIER}/courier/1", PHONE)
    harmless(courier, f"鱼峰{MARKUP}")
    deeds.fetches(courier, rx)
    harmless(courier, somebody.name)


def renamed(route: Route) -> None:
    """As if the server called a medicine and a pharmacy so."""
    answer = route.fetch()
    text, markup = answer.text(), json.dumps(MARKUP)[1:-1]
    text = text.replace(deeds.MEDICINE, markup).replace("鱼峰示范药店", f"鱼峰{markup}")
    route.fulfill(response=answer, body=text)


def harmless(page: Page, text: str) -> None:
    """It is read as it was written, and nothing came of it."""
    expect(page.locator("main")).to_contain_text(text)
    assert not page.evaluate(TAKEN)
