"""Behind the counter: goods come in, are counted, put aside, sent on; couriers' orders are taken up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.web.counter import paid
from tests.web.entering import played
from tests.web.goods import PHARMACY, Shop, code, listed
from tests.web.looking import DESK
from tests.web.test_station import button, gives, looked_at, says, shop, station  # noqa: F401

OTHER = "liunan-pharmacy"


def fills(page, **said):
    for name, value in said.items():
        page.locator(f"dialog [name={name}]").fill(value)
    button(page.get_by_role("dialog"), "确定").click()


def test_goods_come_in_are_counted_put_aside_and_destroyed(stack, shop, station):  # noqa: F811
    """A medicine that is new here gets its price; boxes with codes are named when they go."""
    (medicine,) = listed(stack, {"generic_name": f"<i>新</i>片{code()[:8]}"})
    boxes = [code(), code()]
    station.goto("/pharmacy/receive")
    station.get_by_placeholder("名称、拼音或编码").fill(medicine)
    expect(station.locator("option", has_text="<i>新</i>片")).to_be_attached()
    expires = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    note = {"批号": "<b>N1</b>", "有效期至": expires, "数量": "3", "随货单号": "单1"}
    for name, value in note.items():
        station.get_by_label(name, exact=True).fill(value)
    for one in boxes:
        station.locator("#scan").fill(one)
        station.locator("#scan").press("Enter")
    looked_at(station, "pharmacy-receive-filled")
    button(station, "入库").click()
    fills(station, yuan="12.50")
    expect(station.get_by_role("heading", name="<i>新</i>片")).to_be_visible()
    looked_at(station, "pharmacy-lot-boxes")
    button(station, "盘点").click()
    fills(station, units="2", reason="少一盒")
    station.get_by_role("checkbox").first.check()
    button(station.get_by_role("dialog"), "确定").click()
    says(station, "已盘点")
    button(station, "隔离").click()
    fills(station, reason="<script>document.title='x'</script>")
    says(station, "已记录")
    expect(button(station, "销毁")).to_be_visible()
    button(station, "销毁").click()
    fills(station, units="1", document="毁1")
    station.get_by_role("checkbox").first.check()
    looked_at(station, "pharmacy-lot-destroy")
    button(station.get_by_role("dialog"), "确定").click()
    says(station, "已销毁")
    station.goto("/pharmacy/stock")
    station.get_by_label("近效期").select_option("30")
    row = station.locator("main a", has_text="<i>新</i>片").first
    expect(row).to_contain_text("已隔离")
    looked_at(station, "pharmacy-stock-soon")
    assert station.locator("main i:not([aria-hidden]), main b, main script").count() == 0


def test_what_a_courier_fetches_is_taken_up_without_a_code(stack, shop, station):  # noqa: F811
    (medicine,) = listed(stack, {"generic_name": "示范配送片"})
    shop.keeps(medicine)
    shop.receives(medicine, "送", 2)
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY, medicines=(medicine,), way="courier")
    station.goto("/pharmacy/waiting")
    row, more = station.get_by_role("button", name=waiting.id[:8]), button(station, "更多")
    expect(station.locator("main")).to_have_attribute("aria-busy", "false")
    while not row.count() and more.count():
        more.click()
        expect(more.or_(row).first).to_be_enabled()
    expect(row).to_contain_text("点按备药")
    looked_at(station, "pharmacy-waiting-courier")
    row.click()
    expect(station.get_by_role("heading", name="韦秀英")).to_be_visible()
    gives(station)
    expect(station.get_by_text("等待配送员取件")).to_be_visible()
    assert waiting.status() == "dispensed"


def test_goods_go_to_another_pharmacy_and_are_put_on_its_shelf(stack, shop, station, person):  # noqa: F811
    """Sent with the box that has a code, said where they are, and accepted there."""
    name = f"示范调拨片{code()[:8]}"
    (medicine,) = listed(stack, {"generic_name": name})
    shop.keeps(medicine)
    other = Shop(stack.cast.member(OTHER, "pharmacist"))
    other.keeps(medicine)
    lot = shop.receives(medicine, "调1", 3, boxes=[code()])
    station.goto(f"/pharmacy/lot#{medicine}/{lot}")
    button(station, "调拨给其他药房").click()
    station.locator("dialog [name=to]").select_option(OTHER)
    fills(station, units="2")
    station.get_by_role("checkbox").check()
    button(station.get_by_role("dialog"), "确定").click()
    says(station, "等待对方收货")
    there = person(DESK)
    played(there, f"{OTHER}/pharmacist/1", back="pharmacy/transfers")
    coming = there.locator(".weui-cell", has_text=name)
    expect(coming).to_contain_text("批号 调1")
    looked_at(there, "pharmacy-transfers-coming")
    button(there.locator("main div", has=coming).filter(has_text="收货").last, "收货").click()
    button(there.get_by_role("dialog"), "确定").click()
    says(there, "已记录")
    (lot,) = other.pharmacist.get("/api/stock/lots", medicine=medicine)["lots"]
    assert (lot["number"], lot["on_hand"], lot["coded"]) == ("调1", 2, 1)
