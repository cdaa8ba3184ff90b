"""At the counter: boxes with codes, other lots, paper, substitutes, and a second pharmacist."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from pharmacy.codes import Kind
from tests.web.counter import MORPHINE, OWN_PHARMACY, narcotic, paid, typed
from tests.web.entering import played
from tests.web.goods import PHARMACY, Shop, code, listed
from tests.web.looking import DESK, axe, fits, picture

MARKED = "<img src=x onerror=document.title='x'>片"


@pytest.fixture(scope="module")
def shop(stack):
    return Shop(stack.cast.member(PHARMACY, "pharmacist"))


@pytest.fixture
def station(person, watch):
    """A pharmacist's desk; what the server refuses there is said."""
    watch.expect("status of 4")
    page = person(DESK)
    played(page, f"{PHARMACY}/pharmacist/1")
    return page


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def looked_at(page, name):
    axe(page)
    fits(page)
    picture(page, name)


def says(page, words):
    """A message that has come just now."""
    expect(page.locator(".toast", has_text=words).last).to_be_visible()


def comes(stack, page, medicine, *, pharmacy=PHARMACY, **about):
    """Somebody with a paid prescription of this medicine, whose code is scanned."""
    waiting = paid(stack, stack.somebody(), pharmacy=pharmacy, medicines=(medicine,), **about)
    typed(page, waiting.code())
    expect(page.get_by_role("heading", name="韦秀英")).to_be_visible()
    return waiting


def gives(page, words="核对无误"):
    button(page, words).click()
    button(page, "签名发药").click()
    expect(page.get_by_text("已发药", exact=True)).to_be_visible()


def test_boxes_are_scanned_and_each_code_is_used_once(stack, shop, station):
    (medicine, other) = listed(stack, {"generic_name": MARKED}, {"generic_name": "示范另片"})
    shop.keeps(medicine), shop.keeps(other)
    codes, foreign = [code() for _ in range(3)], code()
    shop.receives(medicine, "<b>L1</b>", 3, boxes=codes)
    shop.receives(other, "L9", 1, boxes=[foreign])
    waiting = comes(stack, station, medicine, packs=2)
    button(station, "核对无误").click()
    button(station, "签名发药").click()
    says(station, "这批药有追溯码，请逐盒扫码")
    typed(station, code())
    says(station, "本药房没有这盒药")
    typed(station, foreign)
    says(station, "这盒药不在处方上")
    typed(station, codes[0])
    typed(station, codes[0])
    says(station, "这盒药已经扫过")
    typed(station, codes[1])
    expect(station.get_by_role("heading", name="已扫追溯码")).to_be_visible()
    looked_at(station, "pharmacy-boxes")
    gives(station)
    assert waiting.status() == "dispensed"
    looked_at(station, "pharmacy-given")
    comes(stack, station, medicine)
    typed(station, codes[0])
    says(station, "追溯码已使用")
    typed(station, codes[2])
    expect(station.get_by_text(codes[2])).to_be_visible()
    gives(station)
    assert station.locator("main img, dialog img, .toast img").count() == 0


def test_another_lot_than_the_first_needs_a_reason(stack, shop, station):
    (medicine,) = listed(stack, {"generic_name": "示范批次片"})
    shop.keeps(medicine)
    shop.receives(medicine, "早", 5, days=100)
    shop.receives(medicine, "晚", 5)
    waiting = comes(stack, station, medicine)
    expect(station.locator("[data-medicine]")).to_contain_text("批号 早")
    station.get_by_text("改用其他批次").click()
    station.get_by_label("批号 早 的数量").fill("0")
    station.get_by_label("批号 晚 的数量").fill("1")
    station.get_by_label("批号 晚 的数量").press("Tab")
    expect(station.locator("[data-medicine]")).to_contain_text("批号 晚")
    looked_at(station, "pharmacy-lots")
    button(station, "核对无误").click()
    says(station, "另有批次更早到期")
    expect(station.locator("dialog")).to_have_count(0)
    station.get_by_role("textbox", name="原因").fill("早到期的一盒外包装破损")
    station.get_by_role("textbox", name="原因").press("Tab")
    gives(station)
    (given,) = waiting.patient.get(f"/api/prescriptions/{waiting.id}/given-out")["given"]
    assert given["lot"] == "晚"


def test_the_patient_agrees_to_another_maker_and_gets_its_boxes(stack, shop, station):
    """And what is then not given is owed."""
    name = f"示范换药片{code()[:6]}"
    medicine, other = listed(
        stack, {"generic_name": name}, {"generic_name": name, "manufacturer": "<b>乙</b>药厂"}
    )
    shop.keeps(medicine), shop.keeps(other)
    shop.receives(medicine, "甲批", 3)
    boxes = [code(), code()]
    shop.receives(other, "乙批", 2, boxes=boxes)
    waiting = comes(stack, station, medicine, packs=2)
    station.get_by_text("不能照方发药").click()
    button(station, "建议换用同通用名药品").click()
    looked_at(station, "pharmacy-substitute")
    button(station, "下一步").click()
    button(station, "签名确认").click()
    says(station, "患者同意并付款后")
    waiting.patient.command(f"/api/prescriptions/{waiting.id}/agree")
    waiting.pays()
    typed(station, waiting.code())
    expect(station.get_by_text("换发：")).to_contain_text("<b>乙</b>药厂（患者已同意）")
    station.get_by_label(f"{name} 发药数量").fill("1")
    station.get_by_label(f"{name} 发药数量").press("Tab")
    typed(station, boxes[0])
    expect(station.get_by_text(boxes[0])).to_be_visible()
    looked_at(station, "pharmacy-instead")
    station.get_by_role("checkbox", name="查药品").check()
    gives(station, "核对无误，部分发药")
    expect(station.get_by_role("heading", name="欠药")).to_be_visible()
    looked_at(station, "pharmacy-part-given")
    rest = waiting.patient.get(f"/api/prescriptions/{waiting.id}")["parts"]["remainder"]
    station.get_by_role("link", name="欠药").click()
    owed = station.locator(f"[data-owed='{rest}']")
    expect(owed).to_contain_text("韦秀英")
    expect(owed).to_contain_text(f"{name} 5mg×28片：欠 1 盒")
    looked_at(station, "pharmacy-owed")
    english = {"name": "django_language", "value": "en", "url": stack.web_url}
    station.context.add_cookies([english])
    station.reload()
    expect(owed).to_contain_text("5mg×28片: 1 盒 owed")
    looked_at(station, "pharmacy-owed-english")


def test_a_paper_asks_for_the_birth_date(stack, shop, station):
    """Of whoever brings it for somebody without a phone; a wrong one is said, and counted."""
    (medicine,) = listed(stack, {"generic_name": "示范纸码片"})
    shop.keeps(medicine)
    shop.receives(medicine, "纸", 2)
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY, medicines=(medicine,))
    paper = waiting.code(Kind.PAPER)
    waiting.patient.write("/api/me/printed-codes", {"code": paper})
    typed(station, paper)
    station.get_by_label("患者出生日期").fill("1951-03-09")
    looked_at(station, "pharmacy-paper")
    button(station, "继续").click()
    says(station, "出生日期与处方不符")
    typed(station, paper)
    station.get_by_label("患者出生日期").fill("1951-03-08")
    button(station, "继续").click()
    expect(station.get_by_role("heading", name="韦秀英")).to_be_visible()
    gives(station)
    typed(station, paper)
    button(station, "继续").click()
    says(station, "请填写")


def test_two_give_out_a_narcotic_and_both_name_the_lot(stack, person, watch):
    """The second page lets choose as the first does; what was looked at is what is given out."""
    watch.expect("status of 4")
    shop = Shop(stack.cast.member(OWN_PHARMACY, "pharmacist"))
    early, late = f"早{code()[:6]}", f"晚{code()[:6]}"
    shop.receives(MORPHINE, early, 5, days=60)
    shop.receives(MORPHINE, late, 5)
    first, second = person(DESK), person(DESK)
    played(first, f"{OWN_PHARMACY}/pharmacist/1")
    played(second, f"{OWN_PHARMACY}/pharmacist/2")
    waiting = narcotic(stack, stack.somebody())
    typed(first, waiting.code())
    takes(first, early, late)
    button(first, "核对无误").click()
    expect(first.get_by_text("等待复核")).to_be_visible()
    second.goto("/pharmacy/second")
    second.get_by_role("link", name="待复核处方").filter(has_text=waiting.id).click()
    takes(second, early, late)
    looked_at(second, "pharmacy-second-check")
    button(second, "复核无误").click()
    button(second, "签名复核").click()
    says(second, "已复核，同事可以发药。")
    button(first, "复核后继续").click()
    button(first, "签名发药").click()
    expect(first.get_by_text("已发药", exact=True)).to_be_visible()
    (given,) = waiting.patient.get(f"/api/prescriptions/{waiting.id}/given-out")["given"]
    assert given["lot"] == late


def takes(page, early, late):
    """Of the later lot, and why."""
    page.get_by_text("改用其他批次").click()
    page.get_by_label(f"批号 {early} 的数量").fill("0")
    page.get_by_label(f"批号 {late} 的数量").fill("1")
    page.get_by_label(f"批号 {late} 的数量").press("Tab")
    page.get_by_role("textbox", name="原因").fill("早到期的一盒外包装破损")
    page.get_by_role("textbox", name="原因").press("Tab")
    expect(page.locator("[data-medicine]")).to_contain_text(f"批号 {late}")
