"""At the counter: boxes with codes, other lots, paper, substitutes, and a second pharmacist."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.counter import paid, typed
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
