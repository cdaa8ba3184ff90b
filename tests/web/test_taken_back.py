"""What comes back to a pharmacy: a recalled lot from its shelf and its patients, a customer's return."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.counter import paid
from tests.web.deeds import ready, signs, until
from tests.web.entering import played
from tests.web.goods import PHARMACY, PRICE_FEN, code, listed
from tests.web.looking import DESK
from tests.web.phones import goes, opened
from tests.web.test_patients_ways import GET, authorizes, pays, prescribed, received
from tests.web.test_patients_ways import PHARMACY as YUFENG
from tests.web.test_station import button, looked_at, says, shop, station  # noqa: F401


def test_a_recall_is_collected_and_a_patient_brings_the_medicine(stack, shop, station):  # noqa: F811
    """D3, E1: what lies here goes aside; what was given out comes back for all its money."""
    name, lot = f"<i>召回</i>片{code()[:8]}", f"<b>N{code()[:6]}</b>"
    (medicine,) = listed(stack, {"generic_name": name})
    shop.keeps(medicine)
    shop.receives(medicine, lot, 5)
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY, medicines=(medicine,))
    waiting.handed_over()
    regulator = stack.cast.member("liuzhou-regulator", "regulator")
    asked = {"medicine": medicine, "number": lot, "grade": 1, "reason": "contamination"}
    regulator.command("/api/recalls", asked)

    station.goto("/pharmacy/recalls")
    row = ready(station).locator("main a", has_text=name)
    expect(row).to_contain_text("待下架")
    looked_at(station, "pharmacy-recalls")
    row.click()
    expect(station.locator("main")).to_contain_text("污染")
    expect(station.locator(".weui-cell", has_text=lot).last).to_contain_text("4")
    looked_at(station, "pharmacy-recall")
    button(station, "确认已下架").click()
    says(station, "已确认下架")
    expect(button(station, "确认已下架")).to_have_count(0)

    station.get_by_role("link", name=waiting.id).click()
    amount = station.get_by_label("第 1 种药（共 1）")
    station.get_by_label("原因").select_option(label="召回")
    button(station, "退药").click()
    says(station, "请填写退回的数量")
    amount.fill("1")
    looked_at(station, "pharmacy-return")
    button(station, "退药").click()
    sheet = station.locator("dialog dl")
    expect(sheet).to_contain_text("退款金额¥10.00")
    expect(sheet).to_contain_text("原因召回")
    signs(station, "签名退药")
    back = station.locator(".weui-cell", has_text="退还患者")
    expect(back).to_contain_text(f"¥{PRICE_FEN / 100:.2f}")
    assert waiting.status() == "taken_back"
    station.goto("/pharmacy/recalls")
    expect(row).to_contain_text("已下架")
    assert station.locator("main i:not([aria-hidden]), main b").count() == 0


def test_a_customer_returns_what_was_wrong(stack, person, watch):
    """E1: by the number that the phone shows; the phone says what becomes of the money."""
    watch.expect("status of 4")
    somebody = stack.somebody()
    phone = opened(person(), stack, somebody)
    rx = prescribed(stack, somebody)
    authorizes(phone, rx)
    pays(phone, stack, rx)
    bill = phone.evaluate(GET, f"/api/prescriptions/{rx}/bill")
    received(phone, stack, rx)
    goes(phone, f"patient/prescription#{rx}")
    phone.get_by_text("处方编号（退药时给药师扫）").click()
    shown = phone.locator("details .code p")
    expect(shown).to_have_text(rx)
    expect(phone.locator("details .code svg")).to_be_visible()
    looked_at(phone, "patient-number")

    desk = person(DESK)
    played(desk, f"{YUFENG}/pharmacist/1", back="pharmacy/return")
    field = desk.get_by_label("处方编号")
    field.fill("没有")
    button(desk, "查找").click()
    says(desk, "请填写完整的处方编号")
    field.fill("")
    field.click()
    desk.keyboard.type(f"{shown.inner_text()}\n")
    amount = desk.get_by_label("第 1 种药（共 1）")
    amount.fill("2")
    button(desk, "退药").click()
    says(desk, "退回数量多于患者手中的数量")
    amount.fill("1")
    desk.get_by_label("原因").select_option(label="召回")
    button(desk, "退药").click()
    says(desk, "退回的药品没有被召回")
    desk.get_by_label("原因").select_option(label="发错药品")
    button(desk, "退药").click()
    signs(desk, "签名退药")
    back = desk.locator(".weui-cell", has_text="退还患者").locator(".weui-cell__ft")
    expect(back).to_have_text(f"¥{bill['patient_fen'] / 100:.2f}")
    looked_at(desk, "pharmacy-returned")
    field.fill(rx)
    field.press("Enter")
    amount.fill("1")
    button(desk, "退药").click()
    says(desk, "处方目前的状态不允许此操作")

    until(phone, phone.get_by_text("药品已全部退回"))
    expect(phone.locator("[data-kind='pharmacy.return']")).to_be_visible()
    phone.get_by_role("link", name="费用明细与保险").click()
    expect(phone.get_by_text("有药品已退回，以下金额是退药后的。")).to_be_visible()
    looked_at(phone, "patient-bill-returned")
