"""
The regulator's board beside a day of the network: entries as they happen, figures, alarms that real
events raise, proofs checked in the page, a recall, a month's sample, an emergency's review.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web import boards, payers
from tests.web.deeds import PROOF_MS, button, goes, signs, until
from tests.web.goods import Shop, listed
from tests.web.looking import DESK, PHONE, axe, fits, picture
from tests.web.payers import MARKUP
from tests.web.regulators import (
    approved,
    at_the_board,
    breaks_the_glass,
    draws,
    everywhere,
    hexed,
    issued,
    judges,
    silent,
    tries,
)
from tests.web.test_payers import TAKEN, a_claim, altered

LEAST_PATIENTS = 5
REFUSED_TIMES = 20
READERS = 20
"""RX_LIVE_EACH, if nobody sets it."""
STOPPED = "longcheng-pharmacy"
CURIOUS = "柳东新区示范医院 · 医生"
DRAWN = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let green = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 200 && data[at] < 40 && data[at + 1] > 90 && data[at + 2] < 90) green += 1;
  return green;
}"""
"""How many dots of a canvas are of the first curve's colour."""


def seen(page: Page, name: str) -> None:
    axe(page)
    fits(page)
    picture(page, f"board-{name}")
    assert not page.evaluate(TAKEN)


def alarm(page: Page, rule: str, who: str):
    return page.locator(f".alarm[data-rule={rule}][data-who$='{who}']")


def shown_soon(page: Page, what: Locator) -> bool:
    """Looked at again and again, for it is counted every two seconds."""
    for _ in range(5):
        goes(page, "board/figures")
        if what.count():
            return True
        page.wait_for_timeout(1_000)
    return False


def test_alarms_are_raised_by_what_happens(person, stack):
    """
    Z1: one who gets the same at four pharmacies, one who tries records that are not his, a
    witness that is silent: each is told in Chinese, beside the entries that tell the same.
    """
    page = at_the_board(person(DESK))
    board = boards.watch(page)
    somebody = stack.somebody()
    patient = stack.cast.patient(somebody)
    given = everywhere(stack, somebody)
    for one in given:
        board.shows("pharmacy.deliver", boards.subject("rx", one.id))
    tag = patient.get("/api/me/entries")["tag"]
    curious = stack.cast.member("liudong-hospital", "doctor")
    with silent(stack, STOPPED):
        tries(curious, given[0].id, REFUSED_TIMES)
        many, early = alarm(page, "many_pharmacies", tag), alarm(page, "early_refill", tag)
        expect(many).to_contain_text("同一患者在多家药店取药", timeout=PROOF_MS)
        expect(many).to_contain_text("4（达到 4 即报警）")
        expect(many).to_contain_text(f"患者 {tag[:8]}…")
        expect(early).to_contain_text("同一药品过早重复取药", timeout=PROOF_MS)
        refused = page.locator(".alarm[data-rule=refused_access]", has_text=CURIOUS).first
        expect(refused).to_contain_text("多次访问被拒绝", timeout=PROOF_MS)
        down = alarm(page, "witness_down", f"{STOPPED}/witness").first
        expect(down).to_contain_text("见证方失联或拒绝签署", timeout=2 * PROOF_MS)
        expect(down).to_contain_text("龙城示范大药房 · 见证程序")
        expect(page.get_by_text("✗ 失联").first).to_be_visible(timeout=PROOF_MS)
        seen(page, "alarms")
    expect(down).to_have_count(0, timeout=2 * PROOF_MS)

    chosen = many.get_by_label("处理结果")
    chosen.select_option(label="已立案")
    chosen.focus()
    for _ in range(2):  # at the second one the first was put on the page
        with page.expect_response(re.compile("/api/board/alarms"), timeout=PROOF_MS):
            pass
    expect(chosen).to_have_value("inquiry")
    expect(chosen).to_be_focused()
    many.get_by_role("button", name="已处理").click()
    expect(many).to_contain_text("已立案")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    axe(page)


def test_figures_count_many_and_withhold_few(person, stack):
    """Z10: of fewer than five patients there is no number; curves are drawn; names stay names."""
    name = f"演示保险{uuid4().hex[:8]}{MARKUP}"
    few = payers.a_payer(stack, "insurer", name)
    a_claim(stack, few)
    page = at_the_board(person(DESK), "board/figures")
    hospital = page.locator("tr", has_text="柳州市示范人民医院").first
    counted = hospital.get_by_text(re.compile("医师开具处方 [0-9]+"))
    for _ in range(3):  # where the span turns meanwhile, few of them are left in the next
        for _ in range(LEAST_PATIENTS):
            issued(stack, stack.somebody())
        if shown_soon(page, counted):
            break
    expect(counted).to_be_visible()
    row = page.locator("tr", has_text=name)
    withheld = row.locator("td").last
    for _ in range(PROOF_MS // 5_000):  # it decides what witnesses have seen
        few.settles()
        if shown_soon(page, withheld.get_by_text(re.compile("."))):
            break
    expect(withheld).to_contain_text("理赔")
    expect(row.locator("td").first).not_to_contain_text("理赔")
    expect(page.locator(".uplot canvas")).not_to_have_count(0)
    assert page.locator(".uplot canvas").first.evaluate(DRAWN) > 10
    seen(page, "curves")
    page.get_by_label("时间范围").select_option("day")
    expect(hospital).to_be_visible()
    expect(page.locator(".uplot canvas").first).to_be_visible()


def test_an_entry_is_found_by_its_number_and_proven_here(person, stack, watch):
    """L1: what the server alters is seen by the page."""
    watch.expect("status of 409")  # witnesses have not seen it yet
    page = at_the_board(person(DESK))
    board = boards.watch(page)
    rx = issued(stack, stack.somebody())
    subject = boards.subject("rx", rx)
    board.shows("prescription.issue", subject)
    row = page.locator(f"li[data-kind='prescription.issue'][data-subject='{subject}']")
    leaf, told = row.get_attribute("data-leaf"), row.inner_text()
    goes(page, "board/entry")
    page.get_by_label("对象或序号").fill(told.rpartition("#")[2].strip())
    button(page, "查找").click()
    entry = page.locator(f"section[data-leaf='{leaf}']")
    expect(entry).to_contain_text("柳州市示范人民医院 · 医生")
    until(page, entry.locator(".mark.good"))
    expect(page.locator("main section[data-leaf]")).to_have_count(1)
    entry.get_by_text("内容与签名").click()
    expect(entry.locator("dl")).to_contain_text("普通处方")
    seen(page, "proof")

    page.route(f"**/api/receipts/{leaf}*", altered)
    page.reload()
    expect(entry.locator(".mark.bad")).to_be_visible()
    page.unroute(f"**/api/receipts/{leaf}*")
    page.get_by_label("对象或序号").fill(subject)
    button(page, "查找").click()
    until(page, entry.locator(".mark.good"))
    page.get_by_label("对象或序号").fill("999999999")
    button(page, "查找").click()
    expect(page.get_by_text("账本中没有这个编号。")).to_be_visible()


def test_a_lot_is_recalled_by_signature_and_the_recall_ended(person, stack, watch):
    """What the page says of it comes from the statement; a medicine's name stays a name."""
    watch.expect("status of 409")  # recalled a second time
    name = f"召回试验片{MARKUP}"
    (medicine,) = listed(stack, {"generic_name": name})
    shop = Shop(stack.cast.member("liubei-pharmacy", "pharmacist"))
    shop.keeps(medicine)
    shop.receives(medicine, "H2611", 12)
    page = at_the_board(person(DESK), "board/recalls")
    page.get_by_label("药品").fill(medicine)
    page.get_by_role("button", name=name).click()
    page.get_by_label("批号").fill("H2611")
    page.get_by_label("级别").select_option(label="一级（最严重）")
    page.get_by_label(re.compile("^原因")).select_option(label="污染")
    button(page, "签名并召回").click()
    expect(page.get_by_role("dialog")).to_contain_text("H2611")
    signs(page)
    expect(page.locator(".toast")).to_contain_text("召回已生效")
    card = page.locator("section[data-recall]", has_text=medicine)
    expect(card).to_contain_text(name)
    button(card, "进展").click()
    expect(card).to_contain_text("柳北示范健康药房")
    expect(card).to_contain_text("现存 12 · 尚未封存")
    expect(card).to_contain_text("不足 5 人，不显示")
    seen(page, "recall")

    page.get_by_label("药品").fill(medicine)
    page.get_by_label("批号").fill("H2611")
    button(page, "签名并召回").click()
    expect(page.locator(".toast.bad")).to_contain_text("该批号或该药品的全部批号已在召回中")
    card.get_by_label("结束的原因").select_option(label="查无依据")
    button(card, "结束召回").click()
    signs(page)
    expect(card).to_contain_text("查无依据")
    expect(button(card, "结束召回")).to_have_count(0)


def test_a_sample_is_shown_and_an_emergency_reviewed(person, stack, watch):
    """What was judged and what was not; the regulator reads why the glass was broken, and signs."""
    watch.expect("status of 409")  # of proofs that witnesses have not seen yet
    watch.expect("status of 404")  # a month that nobody has drawn
    somebody = stack.somebody()
    both = [issued(stack, somebody), issued(stack, stack.somebody())]
    for rx in both:
        approved(stack, rx)
    month = draws(stack, *both)
    judges(stack, both[0], verdict="unsuitable", problems=["2-1"])
    plea = breaks_the_glass(stack, somebody, f"昏迷{MARKUP}")
    page = at_the_board(person(DESK), "board/reviews")
    card = page.locator(f"[data-emergency='{plea}']")
    expect(card).to_contain_text("柳州市示范人民医院")
    button(card, "查看原因（将留下记录）").click()
    expect(card).to_contain_text(f"昏迷{MARKUP}")
    page.get_by_label("医院").select_option(label="柳州市示范人民医院")
    page.get_by_label("月份").fill("1971-01")
    button(page, "显示").click()
    expect(page.get_by_text("这个月还没有抽样。")).to_be_visible()
    page.get_by_label("月份").fill(month)
    button(page, "显示").click()
    cases = page.locator("a.weui-cell[href*='/board/entry#rx/']")
    expect(cases).to_have_count(len(both))
    expect(page.locator(f"a[href$='{hexed(both[0])}']")).to_contain_text("用药不适宜 2-1")
    expect(page.locator(f"a[href$='{hexed(both[1])}']")).to_contain_text("尚未点评")
    seen(page, "sample")

    button(card, "有正当理由").click()
    signs(page)
    expect(page.locator(".toast")).to_contain_text("结论已签名")
    expect(card).to_have_count(0)
    goes(page, f"board/entry#emergency/{hexed(plea)}")


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-hans", "您的账号打开的实时看板太多"), ("en", "too many live boards open")],
)
def test_an_account_with_too_many_boards_is_told_so(person, stack, watch, language, words):
    """The board says so, and goes on by itself when others were closed."""
    watch.expect("status of 429")
    page = at_the_board(person(DESK), "board/recalls")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.web_url}])
    regulator = stack.cast.member("liuzhou-regulator", "regulator")
    with ExitStack() as readers:
        live = regulator.get("/api/board/health")["live_url"]
        for _ in range(READERS + 1):
            asked = {"headers": {"Authorization": f"Bearer {regulator.token}"}}
            answer = readers.enter_context(stack.cast.wechat.stream("GET", live, **asked))
            if answer.status_code == 429:
                break
        goes(page, "board/")
        state = page.locator(".board [role=status]").first
        expect(state).to_contain_text(words)
        expect(state).to_contain_text("[live.too_many]")
        seen(page, f"too-many-{language}")
    expect(state).to_have_class("good", timeout=PROOF_MS)
