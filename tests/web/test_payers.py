"""
The insurer's and the social fund's desks, filled: a person checks what is proven, decides line by line,
undoes, and sees what was paid. Each test has a payer of its own, whose program wakes when it is told to.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.web import payers
from tests.web.counter import AMLODIPINE, ASPIRIN, Waiting, paid
from tests.web.deeds import button, goes, ready, signs, until
from tests.web.looking import DESK, PHONE, axe, fits, picture
from tests.web.payers import MARKUP, Payer

PHARMACY, INSURER = "yufeng-pharmacy", "longtan-insurance"
HOME = re.compile("/payer/$")
TAKEN = "document.title === 'taken' || document.querySelectorAll('img[src=x]').length > 0"


def a_claim(stack, payer: Payer) -> Waiting:
    """Of two medicines that the patient has, under a promise of four fifths."""
    somebody = stack.somebody()
    stack.cast.patient(somebody)
    payer.promises(somebody)
    both = (AMLODIPINE, ASPIRIN)
    made = paid(stack, somebody, pharmacy=PHARMACY, payers=(payer.slug,), medicines=both)
    made.handed_over()
    return made


def seen(page: Page, name: str) -> None:
    axe(page)
    fits(page)
    picture(page, name)
    assert not page.evaluate(TAKEN)


def opens(page: Page, claim: Waiting) -> Page:
    goes(page, "payer/")
    page.locator(f"a[href*='{claim.id}']").click()
    expect(page.get_by_role("heading", name="决定")).to_be_visible()
    return ready(page)


def decides(page: Page, claim: Waiting, how: str, why: str = "") -> None:
    opens(page, claim)
    if why:
        page.get_by_label("减少或拒绝的原因").select_option(label=why)
    button(page, how).click()
    signs(page)
    expect(page.locator(".toast")).to_contain_text("决定已签名")
    expect(page).to_have_url(HOME)


def row(page: Page, words: str):
    """Of the list of what became of claims."""
    return page.locator("tbody tr", has_text=words)


def test_an_insurer_decides_by_hand_and_pays(person, stack, watch):
    """A6, K1: nothing is believed that is not proven in the page; who reopens does not decide again."""
    watch.expect("status of 409")  # witnesses have not seen it yet
    payer = payers.a_payer(stack, "insurer", f"演示保险{MARKUP}")
    whole, part, refused, asked = (a_claim(stack, payer) for _ in range(4))
    first = payer.officer(person(DESK), 0)
    goes(first, "payer/")
    expect(first.locator(f"a[href*='{asked.id}']")).to_contain_text("鱼峰示范药店")
    seen(first, "payer-claims")

    opens(first, whole)
    until(first, first.locator(".mark.good").nth(5))
    seen(first, "payer-claim")
    leaf = first.evaluate(
        "async (rx) => (await (await fetch(`/api/entries?subject=rx/${rx}`, {headers: {Authorization:"
        " `Bearer ${(await import('/static/web/base/session.js')).session().token}`}})).json()).entries[3].leaf",
        whole.id.replace("-", ""),
    )
    first.route(f"**/api/receipts/{leaf}*", altered)
    first.reload()
    wrong = first.locator(".weui-cell", has_text="支付").locator(".mark")
    expect(wrong).to_have_class("mark bad")
    expect(first.locator(".mark.good")).to_have_count(5)
    first.unroute(f"**/api/receipts/{leaf}*")
    decides(first, whole, "全额批准")

    opens(first, part)
    first.get_by_label("第 2 种药").uncheck()
    expect(first.get_by_label("批准金额（元）")).to_have_value("7.44")
    button(first, "部分批准").click()
    expect(first.locator(".toast.bad")).to_contain_text("请选择原因")
    first.get_by_label("减少或拒绝的原因").select_option(label="不在保障范围")
    button(first, "部分批准").click()
    expect(first.get_by_role("dialog")).to_contain_text("¥7.44")
    signs(first)
    expect(first).to_have_url(HOME)
    decides(first, refused, "拒绝", "数量不符")

    opens(first, asked)
    button(first, "请患者提供").click()
    signs(first)
    expect(first).to_have_url(HOME)
    expect(first.locator(f"a[href*='{asked.id}']")).to_contain_text("已请患者提供信息")

    goes(first, "payer/statement")
    expect(row(first, "未决定")).to_contain_text("¥17.16")
    expect(row(first, "数量不符")).to_contain_text("已拒绝")
    expect(row(first, "不在保障范围")).to_contain_text("¥7.44")
    seen(first, "payer-statement")
    row(first, "数量不符").get_by_label("重新审核的原因").select_option(label="有新证据")
    row(first, "数量不符").get_by_role("button", name="重新审核").click()
    signs(first)
    expect(first.locator(".toast.good")).to_contain_text("另一位经办人")
    goes(first, "payer/")
    reopened = first.locator(f"a[href*='{refused.id}']")
    expect(reopened).to_contain_text("需由另一位经办人决定")
    watch.expect("status of 403")
    opens(first, refused)
    button(first, "全额批准").click()
    expect(first.locator(".toast.bad")).to_contain_text("另一位经办人")

    second = payer.officer(person(DESK, color_scheme="dark"), 1)
    decides(second, refused, "全额批准")

    payer.settles()
    goes(first, "payer/settlements")
    paid_now = first.locator(".card", has_text="尚未转账")
    expect(paid_now).to_contain_text("鱼峰示范药店")
    expect(paid_now.locator("strong")).to_have_text("¥41.76")
    seen(first, "payer-settlements")
    lines = table(first, button(paid_now, "CSV"))
    assert {one["subject"] for one in lines} == {subject(it) for it in (whole, part, refused)}
    assert sum(int(one["paid_fen"]) for one in lines) == 4_176

    first.route("**/api/organisations", renamed)
    goes(first, "payer/statement")
    expect(row(first, "数量不符")).to_have_count(0)
    expect(row(first, number(part))).to_contain_text(f"鱼峰{MARKUP}")
    sums = first.locator("dl.facts").inner_text().split()
    assert dict(zip(sums[::2], sums[1::2], strict=True)) == SUMS
    lines = table(first, button(first, "下载 CSV"))
    assert sum(int(one["paid_fen"]) for one in lines) == 4_176
    assert sum(int(one["share_fen"]) for one in lines) == 4 * 1_716
    for page in ("", "settlements"):
        goes(first, f"payer/{page}")
        expect(first.locator("main")).to_contain_text(f"鱼峰{MARKUP}")
        assert not first.evaluate(TAKEN)


SUMS = {
    "笔数": "4",
    "应付": "¥68.64",
    "申请": "¥51.48",
    "批准": "¥41.76",
    "冲回": "¥0.00",
    "已付": "¥41.76",
}


def number(claim: Waiting) -> str:
    """How pages call it."""
    return claim.id[:8]


def subject(claim: Waiting) -> str:
    return f"rx/{claim.id.replace('-', '')}"


def table(page: Page, press: Locator) -> list[dict[str, str]]:
    """The file that a button gives, as a table reads it."""
    with page.expect_download() as given:
        press.click()
    assert given.value.suggested_filename.endswith(".csv")
    text = Path(given.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def renamed(route: Route) -> None:
    """As if a pharmacy were called like a script."""
    answer = route.fetch()
    known = answer.json()
    for one in known["organisations"]:
        one["name"] = one["name"].replace("鱼峰示范药店", f"鱼峰{MARKUP}")
    route.fulfill(response=answer, json=known)


def from_the_window(page: Page, name: str) -> Page:
    """One of the demo's persons, found where they are listed."""
    page.goto("/")
    page.get_by_role("link", name=name).click()
    button(page, "以这位演示人物进入").click()
    expect(page.locator("body[data-area='payer']")).to_be_attached()
    return ready(page)


def test_whom_the_window_lists_decide_one_after_the_other(person, stack, watch):
    """A6, K1: the insurer pays once a month, so what its program decided can still be undone."""
    watch.expect("status of 403")
    watch.expect("status of 409")  # witnesses have not seen it yet
    first = from_the_window(person(DESK), "曹范东")
    goes(first, "payer/settlements")
    first.get_by_label("周期").select_option(label="每月")
    later = datetime.now(UTC) + timedelta(days=10)
    first.get_by_label("周几或几号").fill(str(min(later.day, 28)))
    button(first, "保存").click()
    expect(first.locator(".toast.good")).to_contain_text("已保存")
    goes(first, "payer/settlements")
    expect(first.get_by_label("周期")).to_have_value("month")

    somebody = stack.somebody()
    stack.cast.patient(somebody)
    claim = paid(stack, somebody, pharmacy=PHARMACY, payers=(INSURER,))
    claim.handed_over()
    goes(first, "payer/statement")
    mine = row(first, number(claim))
    until(first, mine.filter(has_text="已批准"))
    mine.get_by_label("重新审核的原因").select_option(label="决定有误")
    button(mine, "重新审核").click()
    signs(first)
    expect(mine).to_contain_text("需由另一位经办人决定")
    opens(first, claim)
    button(first, "全额批准").click()
    expect(first.locator(".toast.bad")).to_contain_text("另一位经办人")

    second = from_the_window(person(DESK), "朱范中")
    waits = second.locator(f"a[href*='{claim.id}']")
    expect(waits).to_contain_text("重新审核")
    expect(waits).not_to_contain_text("需由另一位经办人决定")
    decides(second, claim, "拒绝", "不在保障范围")
    expect(waits).to_have_count(0)
    goes(second, "payer/statement")
    expect(row(second, number(claim))).to_contain_text("不在保障范围")


def altered(route) -> None:
    """As a server would that shows something else than was signed: one byte of it."""
    answer = route.fetch()
    body = bytearray(answer.body())
    body[len(body) // 2] ^= 1
    route.fulfill(response=answer, body=bytes(body))


def test_differences_and_policies(person, stack):
    """What the bank says and we do not is closed with a reason; terms are read as they are in force."""
    payer = payers.a_payer(stack, "insurer", f"演示保险{MARKUP}")
    lost, again = (uuid4().hex for _ in range(2))
    payer.brings(f"settlement,{lost},125000,paid", f"settlement,{again},900,returned")
    page = payer.officer(person(DESK), 0)
    goes(page, "payer/differences")
    card = page.locator(".card", has_text=lost)
    expect(card).to_contain_text("对方有，本方无")
    expect(card).to_contain_text("¥1250.00 已付")
    expect(page.locator(".card", has_text=again)).to_contain_text("已退回")
    seen(page, "payer-differences")
    button(card, "处理完毕").click()
    expect(page.locator(".toast.bad")).to_contain_text("请写明处理结果")
    card.get_by_label("处理结果").fill(f"银行重复入账{MARKUP}")
    button(card, "处理完毕").click()
    expect(page.get_by_text("已处理。")).to_be_visible()
    goes(page, "payer/differences")
    expect(page.locator(".card")).to_have_count(1)

    payer.program.write("/api/products", PRODUCT)
    somebody = stack.somebody()
    stack.cast.patient(somebody)
    sold = {"number": "P-1", "product": "OUT-1", "insured": [somebody.id_number]}
    payer.program.write("/api/policies", {**sold, "valid_from": FROM, "valid_until": UNTIL})
    goes(page, "payer/policies")
    page.get_by_text("门诊慢病险").click()
    terms = page.locator("details.card .facts")
    for words in ("甲 80%、乙 60%、丙 0%", "¥100.00", "每年 ¥2000.00", "2026年1月1日"):
        expect(terms).to_contain_text(words)
    expect(page.get_by_text("1 人")).to_be_visible()
    seen(page, "payer-policies")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    axe(page)


FROM, UNTIL = "2026-01-01T00:00:00+08:00", "2030-01-01T00:00:00+08:00"
PRODUCT = {
    "code": "OUT-1",
    "name": f"门诊慢病险{MARKUP}",
    "terms": {
        "rates_bp": {"甲": 8_000, "乙": 6_000, "丙": 0},
        "deductible_fen": 10_000,
        "ceilings_fen": {"year": 200_000},
    },
    "valid_from": FROM,
}


@pytest.mark.parametrize("language", ["en"])
def test_the_social_funds_desk_in_english(person, stack, watch, language):
    """The same pages are the fund's; they speak English to whoever chose it."""
    watch.expect("status of 409")
    fund = payers.a_payer(stack, "social_fund", f"演示基金{MARKUP}")
    claim = a_claim(stack, fund)
    page = fund.officer(person(DESK), 0)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.web_url}])
    goes(page, "payer/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator(f"a[href*='{claim.id}']").click()
    until(page, page.locator(".mark.good").nth(5))
    expect(page.get_by_label("Medicine 2")).to_be_checked()
    seen(page, "payer-claim-english")
    page.get_by_role("button", name="Approve all").click()
    page.get_by_role("dialog").locator(".weui-btn_primary").click()
    expect(page).to_have_url(HOME)
    fund.settles()
    goes(page, "payer/settlements")
    expect(page.locator(".card strong")).to_have_text("¥17.16")
