"""The courier's phone: what is fetched, brought, and handed over with the patient's code."""

from playwright.sync_api import expect

from tests.web.counter import paid
from tests.web.entering import played
from tests.web.looking import axe, fits, picture

COMPANY, PHARMACY = "guishun-courier", "yufeng-pharmacy"


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_a_courier_fetches_fails_once_and_delivers(stack, person):
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY, way="courier")
    pharmacist = stack.cast.member(PHARMACY, "pharmacist")
    (scan,) = pharmacist.write("/api/scans", {"code": waiting.code()})["scans"]
    seen = pharmacist.get(f"/api/scans/{scan['id']}")
    given = {
        "lines": seen["parts"]["chosen"],
        "checks": [one["check"] for one in seen["check_list"]],
    }
    pharmacist.command(f"/api/prescriptions/{waiting.id}/dispense", given)
    page = person()
    played(page, f"{COMPANY}/courier/1")
    expect(page.get_by_role("heading", name="待取件")).to_be_visible()
    axe(page)
    fits(page)
    picture(page, "courier-parcels")
    page.locator(f"a[href='#{waiting.id}']").click()
    button(page, "取件").click()
    button(page, "签名取件").click()
    expect(page.get_by_text("柳州市示例路1号")).to_be_visible()
    axe(page)
    fits(page)
    picture(page, "courier-parcel")
    button(page, "未能送达").click()
    button(page, "下一步").click()
    button(page, "签名确认").click()
    expect(page.get_by_text("已记录，稍后再送。")).to_be_visible()
    page.get_by_role("link", name="全部包裹").click()
    page.locator(f"a[href='#{waiting.id}']").click()
    told = waiting.patient.get(f"/api/prescriptions/{waiting.id}/delivery-code")["code"]
    page.get_by_label("收货码").fill(told)
    button(page, "送达").click()
    button(page, "签名送达").click()
    expect(page.get_by_text("已送达。")).to_be_visible()
    assert waiting.status() == "delivered"
