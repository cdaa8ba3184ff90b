"""One scan and two taps: the pharmacist's station, as a pharmacist works at it."""

import pytest
from playwright.sync_api import expect

from tests.web.counter import AMLODIPINE, ASPIRIN, paid, typed
from tests.web.entering import played
from tests.web.looking import DESK, axe, fits, picture

PHARMACY = "yufeng-pharmacy"
PHARMACIST = f"{PHARMACY}/pharmacist/1"


@pytest.fixture
def station(person):
    """A pharmacist's desk."""
    page = person(DESK)
    played(page, PHARMACIST)
    return page


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_one_scan_and_two_taps(stack, station):
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY)
    axe(station)
    fits(station)
    picture(station, "pharmacy-scan")
    typed(station, waiting.code())
    expect(station.get_by_role("heading", name="韦秀英")).to_be_visible()
    expect(station.get_by_text("先到期先出")).to_be_visible()
    axe(station)
    fits(station)
    picture(station, "pharmacy-check")
    button(station, "核对无误").click()
    expect(button(station, "签名发药")).to_be_visible()
    picture(station, "pharmacy-sign")
    button(station, "签名发药").click()
    expect(station.get_by_text("已发药", exact=True)).to_be_visible()
    assert waiting.status() == "dispensed"
    axe(station)
    fits(station)
    told = waiting.patient.get(f"/api/prescriptions/{waiting.id}/delivery-code")["code"]
    station.get_by_label("患者手机上的收货码").fill(told)
    button(station, "交给患者").click()
    button(station, "签名交付").click()
    expect(station.get_by_text("药品已交给患者。")).to_be_visible()
    assert waiting.status() == "delivered"


def test_the_camera_reads_the_phone_and_labels_are_printed(stack, station, camera):
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY)
    camera.sees(waiting.code())
    button(station, "用摄像头扫码").click()
    button(station, "核对无误").click()
    button(station, "签名发药").click()
    station.get_by_role("link", name="打印用药标签").click()
    expect(station.get_by_text("药品：苯磺酸氨氯地平片")).to_be_visible()
    axe(station)
    fits(station)
    picture(station, "pharmacy-labels")
    station.emulate_media(media="print")
    expect(button(station, "打印")).to_be_hidden()


def test_a_part_is_given_and_the_rest_is_owed(stack, station):
    both = (AMLODIPINE, ASPIRIN)
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY, medicines=both)
    typed(station, waiting.code())
    station.get_by_label("阿司匹林肠溶片 发药数量").fill("0")
    station.get_by_label("阿司匹林肠溶片 发药数量").press("Tab")
    button(station, "核对无误，部分发药").click()
    expect(station.get_by_text("请先看过并勾选每一项核对。")).to_be_visible()
    station.get_by_role("checkbox", name="查药品").check()
    button(station, "核对无误，部分发药").click()
    button(station, "签名发药").click()
    expect(station.get_by_role("heading", name="欠药")).to_be_visible()
    assert waiting.patient.get(f"/api/prescriptions/{waiting.id}")["parts"]["remainder"]


def test_an_allergy_is_looked_at_before_it_can_be_declined(stack, station):
    somebody = stack.somebody()
    waiting = paid(stack, somebody, pharmacy=PHARMACY, allergies="青霉素")
    typed(station, waiting.code())
    expect(station.get_by_role("checkbox", name="查配伍禁忌")).not_to_be_checked()
    expect(station.get_by_role("checkbox", name="查处方")).to_be_checked()
    station.get_by_text("不能照方发药").click()
    button(station, "无法调配，退回处方").click()
    button(station, "下一步").click()
    button(station, "签名退回").click()
    expect(station.get_by_text("已退回，患者可另选药房。")).to_be_visible()
    assert waiting.status() == "approved"


def test_names_and_notes_with_markup_are_text(stack, station):
    """What people write shows as it is; a policy that was violated would be in the console."""
    name = "<img src=x onerror=document.title='x'>韦"
    noted = [{"code": "I10.x00", "name": "<script>document.title='x'</script>", "main": True}]
    waiting = paid(stack, stack.somebody(name), pharmacy=PHARMACY, diagnoses=noted)
    typed(station, waiting.code())
    expect(station.get_by_role("heading", name=name)).to_be_visible()
    expect(station.get_by_text(noted[0]["name"]).first).to_be_visible()
    button(station, "核对无误").click()
    expect(station.locator("dialog").get_by_text(name)).to_be_visible()
    assert station.locator("main img, main script, dialog img").count() == 0
    assert station.title().startswith("扫码发药")
