"""Turns on a patient's way: another medicine, another content, a claim disputed, a second phone."""

from __future__ import annotations

import base64
import os
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from config.demo.cast import openid_of
from hospital.client import Client
from prescriptions.uploaded import Patient
from tests.web import deeds, entering
from tests.web.counter import AMLODIPINE, HOSPITAL
from tests.web.deeds import PROOF_MS, button, signs, until
from tests.web.looking import axe, fits, picture
from tests.web.phones import goes, opened, ready
from tests.web.stacks import Stack

PHARMACY, FUND = "yufeng-pharmacy", "liuzhou-fund"
MARKUP = "<img src=x onerror=\"document.title='taken'\">"
COMMAND = """async ([path, body]) => {
  const { command } = await import("/static/web/base/sign.js");
  return command(path, body, { ask: false });
}"""
WRITE = """async ([path, body]) => (await import("/static/web/base/api.js")).write(path, body)"""
GET = """async (path) => (await import("/static/web/base/api.js")).get(path)"""
CHINESE = re.compile("[\u4e00-\u9fff]")
BRIDGE = """window.WeixinJSBridge = {
  invoke: (name, values, done) => window.confirms(name, values).then((said) => done({ err_msg: said })),
};"""
"""What WeChat puts into the pages that it shows."""
CODE = """async ([rx, pharmacy]) => {
  const { made } = await import("/static/web/patient/codes.js");
  return (await made("screen", pharmacy, [rx])).text;
}"""


def looks(page: Page, name: str) -> None:
    """Anybody can read it, and what people wrote is text."""
    ready(page)
    axe(page)
    fits(page)
    picture(page, f"patient-{name}")
    assert page.title() != "taken"


def a_line(medicine: str = AMLODIPINE, **more: Any) -> dict[str, Any]:
    usage = {"dose": "5", "dose_unit": "mg", "route": "1", "frequency": "qd"}
    return {"medicine": medicine, **usage, "days": 7, "quantity": 1, **more}


def prescribed(stack: Stack, person: Patient, **more: Any) -> str:
    """Issued and approved, by API."""
    doctor = stack.cast.member(HOSPITAL, "doctor")
    draft = {
        "patient": person.id_number,
        "online": False,
        "diagnoses": [{"code": "I10.x00", "name": "原发性高血压", "main": True}],
        "lines": [a_line(note=f"早饭后 {MARKUP}")],
        **more,
    }
    made = doctor.write("/api/prescriptions", draft)
    path = (
        f"series/{made['issue']['series']}" if made.get("issue") else f"prescriptions/{made['id']}"
    )
    doctor.command(f"/api/{path}/issue")
    approves(stack, path)
    return str(made["id"])


def approves(stack: Stack, path: str) -> None:
    reviewer = stack.cast.member(HOSPITAL, "reviewer")
    reviewer.command(f"/api/{path}/review", {"decision": "approve"})


def authorizes(page: Page, rx: str, *payers: str) -> None:
    choice = {"pharmacy": PHARMACY, "way": "collect", "payers": list(payers)}
    page.evaluate(COMMAND, [f"/api/prescriptions/{rx}/authorize", choice])


def pays(page: Page, stack: Stack, rx: str) -> None:
    """At the simulated cashier, until the notice has come."""
    order = page.evaluate(WRITE, [f"/api/prescriptions/{rx}/pay", {}])["out_trade_no"]
    asked = page.evaluate(GET, f"/api/payments/{order}/parameters")
    stack.cast.wechat.post("/simulator/pay", json=asked).raise_for_status()
    for _ in range(300):
        if page.evaluate(GET, f"/api/prescriptions/{rx}")["status"] == "paid":
            return
        page.wait_for_timeout(200)
    raise AssertionError("WeChat's notice has not come")


def scanned(page: Page, stack: Stack, rx: str) -> tuple[Client, dict[str, Any]]:
    """By the pharmacist, who now sees it."""
    pharmacist = stack.cast.member(PHARMACY, "pharmacist")
    code = page.evaluate(CODE, [rx, PHARMACY])
    (scan,) = pharmacist.write("/api/scans", {"code": code})["scans"]
    return pharmacist, pharmacist.get(f"/api/scans/{scan['id']}")


def received(page: Page, stack: Stack, rx: str) -> None:
    """Given out and signed for."""
    pharmacist, seen = scanned(page, stack, rx)
    checks = [one["check"] for one in seen["check_list"]]
    given = {"lines": seen["parts"]["chosen"], "checks": checks}
    pharmacist.command(f"/api/prescriptions/{rx}/dispense", given)
    page.evaluate(COMMAND, [f"/api/prescriptions/{rx}/deliver", {}])


def test_another_makers_medicine_is_agreed_to_and_the_money_comes_back(person, stack, watch):
    """C1, C2: a proposal is refused, the next one agreed to; what was paid stands with its refund."""
    watch.expect("status of 409")  # what is not cosigned yet is asked for again
    somebody = stack.somebody()
    page = opened(person(), stack, somebody)
    rx = prescribed(stack, somebody)
    authorizes(page, rx)
    pays(page, stack, rx)
    pharmacist, _ = scanned(page, stack, rx)
    for answer in ("不同意，按原处方", "同意换药"):
        other = stack.operator("maker", PHARMACY, AMLODIPINE)
        salt = base64.b64encode(os.urandom(16)).decode()
        asked = {"line": "1", "medicine": other, "reason": "price", "salt": salt}
        pharmacist.command(f"/api/prescriptions/{rx}/substitute", asked)
        goes(page, "patient/me")
        goes(page, f"patient/prescription#{rx}")
        expect(page.locator("[data-proposal='1']")).to_contain_text("苯磺酸氨氯地平片")
        looks(page, "substitution")
        button(page, answer).click()
        signs(page)
        expect(page.locator("[data-proposal]")).to_have_count(0)
    expect(page.get_by_role("link", name="去支付")).to_be_visible()
    goes(page, f"patient/bill#{rx}")
    expect(page.locator("[data-payment] [data-refund]")).to_be_visible()
    until(page, page.locator("[data-refund=done]"))
    looks(page, "refund")
    page.evaluate(COMMAND, [f"/api/prescriptions/{rx}/withdraw", {}])
    goes(page, f"patient/prescription#{rx}")
    page.reload()
    page.get_by_role("link", name="费用明细与保险").click()
    expect(page.locator("[data-bill=void]")).to_be_visible()
    looks(page, "bill-void")


def test_a_payer_asks_and_decides_and_the_patient_answers(person, stack, watch):
    """C1, Z4: the field is withheld or given; what was refused is appealed against, once."""
    watch.expect("status of 409")  # what is not cosigned yet is asked for again
    somebody = stack.somebody()
    page = opened(person(), stack, somebody)
    officer = stack.cast.member(FUND, "officer")
    for gives in (False, True):
        rx = prescribed(stack, somebody)
        authorizes(page, rx, FUND)
        pays(page, stack, rx)
        received(page, stack, rx)
        officer.command(f"/api/claims/{rx}/ask", {"field": "diagnosis/"})
        goes(page, "patient/me")
        goes(page, f"patient/bill#{rx}")
        expect(page.locator("[data-asks='diagnosis/']")).to_contain_text("诊断")
        looks(page, "claim-asked")
        button(page, "允许查看 30 天" if gives else "不提供").click()
        signs(page)
        expect(page.locator(".toast")).to_contain_text("已提供" if gives else "不提供")
        if not gives:
            expect(page.locator("[data-asks]")).to_have_count(0)
    refusal = {"decision": "refuse", "approved_fen": 0, "reason": "not_covered"}
    officer.command(f"/api/claims/{rx}/decide", refusal)
    page.reload()
    expect(page.get_by_text("不在保障范围内").first).to_be_visible()
    page.get_by_text("不同意这个决定").click()
    looks(page, "claim-refused")
    page.get_by_label("申诉理由").select_option("wrong_facts")
    button(page, "签名申诉").click()
    signs(page)
    expect(page.get_by_text("正由专员人工审核。")).to_be_visible()
    expect(page.get_by_text("不同意这个决定")).to_have_count(0)
    looks(page, "claim-appealed")


def test_a_change_shows_the_old_and_the_new(person, stack, watch):
    """C1: another content is reviewed again, both are there, and the new one is authorized."""
    watch.expect("status of 409")  # what is not cosigned yet is asked for again
    somebody = stack.somebody()
    page = opened(person(), stack, somebody)
    rx = prescribed(stack, somebody)
    doctor = stack.cast.member(HOSPITAL, "doctor")
    path = f"/api/prescriptions/{rx}"
    changed = {
        "diagnoses": [{"code": "I10.x00", "name": "原发性高血压", "main": True}],
        "lines": [a_line(dose="2.5", note="改为半片")],
    }
    doctor.write(f"{path}/versions", changed)
    doctor.command(f"{path}/change")
    goes(page, f"patient/prescription#{rx}")
    looks(page, "changed")
    approves(stack, f"prescriptions/{rx}")
    page.reload()
    page.get_by_text("查看各版本").click()
    expect(page.locator(".version")).to_have_count(2)
    expect(page.locator(".seal.good")).to_be_visible(timeout=PROOF_MS)
    looks(page, "versions")
    deeds.authorizes(page, rx)
    expect(page.get_by_role("link", name="出示取药码")).to_be_visible()  # payers carry it all


def test_a_long_term_prescription_says_what_opens_when(person, stack, watch):
    """E1: three issues, the first of which can be fetched now."""
    watch.expect("status of 409")  # what is not cosigned yet is asked for again
    somebody = stack.somebody()
    page = opened(person(), stack, somebody)
    plan = {"long_term": True, "reason_for_longer": "病情稳定", "issues": 3, "interval_days": 28}
    rx = prescribed(stack, somebody, **plan, lines=[a_line(days=28)])
    goes(page, "patient/")
    expect(page.locator(".rx")).to_have_count(3)
    looks(page, "series-home")
    goes(page, f"patient/prescription#{rx}")
    expect(page.get_by_text("长期处方，共 3 次，每 28 天一次")).to_be_visible()
    looks(page, "series")


def test_a_wrong_record_is_put_right_beside_it(person, stack, watch):
    """个人信息保护法, art. 46: asked for on the phone, refused, taken to the regulator."""
    watch.expect("status of 409")  # what is not cosigned yet is asked for again
    somebody = stack.somebody()
    page = opened(person(), stack, somebody)
    rx = prescribed(stack, somebody, allergies="青霉素")
    authorizes(page, rx)
    pays(page, stack, rx)
    received(page, stack, rx)
    doctor = stack.cast.member(HOSPITAL, "doctor")
    goes(page, f"patient/prescription#{rx}")
    page.get_by_role("link", name="内容有误，请求更正").click()
    page.get_by_label("哪一项").select_option("allergies")
    page.get_by_label("应为").fill(f"不过敏 {MARKUP}")
    page.get_by_label("理由").fill("附皮试报告")
    looks(page, "correction-ask")
    button(page, "核对并签名").click()
    signs(page)
    expect(page.locator("[data-correction=asked]")).to_contain_text(MARKUP)
    (asked,) = page.evaluate(GET, "/api/corrections")["corrections"]
    salt = base64.b64encode(os.urandom(16)).decode()
    refusal = {"reason": "unproven", "why": f"没有报告 {MARKUP}", "salt": salt}
    doctor.command(f"/api/corrections/{asked['id']}/refuse", refusal)
    goes(page, "patient/me")
    goes(page, "patient/corrections")
    expect(page.locator("[data-correction=refused]")).to_contain_text("没有报告")
    page.get_by_text("可以请监管部门决定").click()
    looks(page, "corrections")
    button(page, "签名提交").click()
    signs(page)
    expect(page.locator("[data-correction=appealed]")).to_be_visible()
    goes(page, f"patient/prescription#{rx}")
    expect(page.locator("[data-amendment=disagreement]")).to_contain_text(MARKUP)
    looks(page, "amended")


def test_a_daughter_acts_for_her_father(person, stack, watch):
    """E1: appointed on his phone by her number; on hers every page says for whom it is."""
    watch.expect("status of 409")  # what is not cosigned yet is asked for again
    father, daughter = stack.somebody("韦大山"), stack.somebody("韦秀兰", date(1980, 5, 6))
    his, hers = opened(person(), stack, father), opened(person(), stack, daughter)
    goes(hers, "patient/guardians")
    hers.get_by_text("我的账户编号", exact=True).click()
    number = hers.locator(".code p").inner_text()
    goes(his, "patient/guardians")
    his.get_by_text("委托一位监护人").click()
    his.get_by_role("textbox", name="账户编号").fill(number)
    his.get_by_label("身份证号").fill(daughter.id_number)
    looks(his, "guardian-appoint")
    button(his, "核对并签名").click()
    signs(his)
    expect(button(his, "解除委托")).to_be_visible()
    looks(his, "guardians")
    rx = prescribed(stack, father)
    hers.reload()
    looks(hers, "wards")
    button(hers, "开始代办").click()
    signs_if_asked(hers)
    expect(hers.get_by_text("您正在代被监护人办理。")).to_be_visible()
    hers.wait_for_url("**/patient/")
    looks(hers, "ward-home")
    hers.locator(".rx-link").first.click()
    hers.wait_for_url("**/patient/prescription#*")
    expect(hers.get_by_text("处方经过")).to_be_visible()
    looks(hers, "ward-prescription")
    watch.expect("status of 403")  # what no guardian does is said on its page
    for path in (
        "me",
        "looks",
        "grants",
        "devices",
        "consult",
        "receipts",
        "corrections",
        "adding",
    ):
        goes(hers, f"patient/{path}")
        expect(hers.locator("main [data-code='page.fault']")).to_have_count(0)
        looks(hers, f"ward-{path}")
    goes(hers, f"patient/choose#{rx}")
    looks(hers, "ward-choose")
    authorizes(hers, rx)
    goes(hers, f"patient/pay#{rx}")
    hers.get_by_role("button", name="微信支付").click()
    button(hers, "确认支付").click()
    expect(hers.get_by_role("link", name="出示取药码")).to_be_visible()
    goes(hers, f"patient/bill#{rx}")
    expect(hers.get_by_text("监护人付款")).to_be_visible()
    button(hers, "结束代办").first.click()
    expect(hers.get_by_text("您正在代被监护人办理。")).to_have_count(0)


def signs_if_asked(page: Page) -> None:
    """The first time her key is entered where his entries are, if that is another line of logs."""
    sheet = page.get_by_role("dialog")
    expect(sheet.or_(page.get_by_text("您正在代被监护人办理。")).first).to_be_visible()
    if sheet.count():
        signs(page)


def test_another_phone_in_the_place_of_lost_ones(person, stack, watch):
    """K6: it waits, the old one is told on its first page and objects."""
    watch.expect("status of 401")  # the old session has ended; its key opens another
    watch.expect("status of 409")  # what is not cosigned yet is asked for again
    somebody = stack.somebody()
    old = opened(person(), stack, somebody)
    new = person()
    entering.from_wechat(new, stack, somebody)
    expect(button(new, "其他手机都丢了")).to_be_visible()
    looks(new, "key-needed")
    button(new, "其他手机都丢了").click()
    button(new, "都丢了，换新密钥").click()
    button(new, "摄像头").click()
    expect(new.get_by_text("新密钥正在等待生效")).to_be_visible()
    looks(new, "recovering")
    new.get_by_role("link", name="知道了").click()
    new.wait_for_url("**/patient/")
    goes(old, "patient/")  # by another session, for the recovery has ended this one
    expect(old.get_by_role("heading", name="有人要用新手机取代您的所有设备")).to_be_visible()
    looks(old, "recovery-told")
    old.get_by_role("link", name="去处理").click()
    button(old, "不是我，阻止").click()
    signs(old)
    expect(button(old, "不是我，阻止")).to_have_count(0)
    looks(old, "recovery-stopped")


def test_a_second_phone_beside_the_first(person, stack, camera):
    """K1, P1: the new one makes its key, the old one brings it in after a look at the face."""
    somebody = stack.somebody()
    old, new = opened(person(), stack, somebody), person()
    entering.from_wechat(new, stack, somebody)
    button(new, "用旧手机添加").click()
    expect(new.locator("[data-offer] svg")).to_be_visible()
    looks(new, "phone-offered")
    goes(old, "patient/devices")
    old.get_by_role("link", name="添加另一台手机").click()
    old.wait_for_url("**/patient/adding")
    looks(old, "adding")
    old.get_by_label("新手机上的文字").fill("别的文字")
    button(old, "下一步").click()
    expect(old.locator(".toast.bad")).to_be_visible()
    camera.looks_at(new.locator("[data-offer] svg"))
    button(old, "用摄像头扫码").click()
    expect(old.locator("[data-offered]")).to_be_visible()
    looks(old, "adding-asked")
    button(old, "是我的手机，核验人脸").click()
    button(old, "摄像头").click()
    expect(old.locator("[data-added]")).to_be_visible()
    new.wait_for_url("**/patient/")
    goes(new, "patient/devices")
    expect(new.get_by_text("（这台设备）")).to_be_visible()
    expect(new.get_by_text("使用中")).to_have_count(2)


def an_institute(stack: Stack, name: str) -> Client:
    institute = Client(stack.cast.http)
    institute.enrol(stack.operator("researcher", name))
    institute.register_key(os.urandom(32))
    institute.enter_with_key()
    return institute


def offers(stack: Stack, institute: Client) -> str:
    """Of records for ¥5.00 each, allowed by the regulator; its id."""
    now = datetime.now(UTC)
    offer = {
        "aim": "drug_safety",
        "mode": "research_records",
        "opens": ["diagnosis/", "line/"],
        "ethics": "KY2026-015",
        "reward_fen": 500,
        "budget_fen": 100_000,
        "group_size": 5,
        "since": (now - timedelta(minutes=1)).isoformat(),
        "until": (now + timedelta(days=1)).isoformat(),
    }
    made = str(institute.command("/api/offers", offer)["id"])
    regulator = stack.cast.member("liuzhou-regulator", "regulator")
    regulator.command(f"/api/offers/{made}/decide", {"decision": "approve"})
    return made


def at_wechat(page: Page, stack: Stack, somebody: Patient, state: str) -> dict[str, Any]:
    """The one transfer of a reward to this phone, once it is in this state."""
    path = f"/simulator/transfers/{openid_of(somebody)}"
    for _ in range(PROOF_MS // 500):
        found = stack.cast.wechat.get(path).raise_for_status().json()["transfers"]
        assert len(found) <= 1
        if found and found[0]["state"] == state:
            return dict(found[0])
        page.wait_for_timeout(500)
    raise AssertionError(f"no transfer that is {state}: {found}")


def test_a_reward_is_paid_to_the_patients_wechat(person, stack, watch):
    """Z1: data of five are used once; who joined sees what it was worth come in."""
    watch.expect("status of 409")
    name = f"覃氏数据中心{uuid4().hex[:6]}"
    institute = an_institute(stack, f"{name}{MARKUP}")
    offer = offers(stack, institute)
    for _ in range(4):
        other = stack.somebody()
        patient = stack.cast.patient(other)
        prescribed(stack, other)
        patient.command(f"/api/offers/{offer}/opt-in")
    somebody = stack.somebody()
    page = opened(person(), stack, somebody)
    prescribed(stack, somebody)
    goes(page, "patient/offers")
    mine = page.locator("article", has_text=name)
    button(mine, "核对并签名参加").click()
    signs(page)
    expect(button(mine, "撤回共享")).to_be_visible()
    expect(page.get_by_text("还没有奖励")).to_be_visible()

    used = institute.post(f"/api/offers/{offer}/records", {"delivery": str(uuid4())})
    assert len(used["patients"]) == 5
    at_wechat(page, stack, somebody, "WAIT_USER_CONFIRM")

    def confirms(asked: str, package: dict[str, str]) -> str:
        """The phone, which the page asks."""
        stack.cast.wechat.post("/simulator/confirm", json=package).raise_for_status()
        return f"{asked}:ok"

    page.expose_function("confirms", confirms)
    page.add_init_script(BRIDGE)
    until(page, page.locator("[data-reward=waiting]"))
    reward = page.locator("[data-reward]")
    expect(reward).to_contain_text(f"{name}{MARKUP}")
    expect(reward).to_contain_text("¥5.00")
    looks(page, "reward-waits")
    button(page, "确认收款").click()
    expect(page.locator(".toast.good")).to_contain_text("已在微信确认")
    assert at_wechat(page, stack, somebody, "SUCCESS")["transfer_amount"] == 500
    until(page, page.locator("[data-reward=done]"))
    expect(reward).to_have_count(1)
    expect(reward).to_contain_text("已到账")
    looks(page, "reward-paid")


def test_data_for_a_reward(person, stack):
    """Z1: what is offered, joined by a signature, and left."""
    offers(stack, an_institute(stack, f"覃氏研究所 {MARKUP}"))
    page = opened(person(), stack, stack.somebody(), "patient/offers")
    mine = page.locator("article").filter(has_text="覃氏研究所").first
    expect(mine).to_contain_text(MARKUP)
    looks(page, "offer")
    button(mine, "核对并签名参加").click()
    signs(page)
    expect(button(mine, "撤回共享")).to_be_visible()
    expect(page.get_by_text("还没有奖励")).to_be_visible()
    looks(page, "offer-joined")
    button(mine, "撤回共享").click()
    signs(page)
    expect(page.get_by_text("您没有共享任何数据。")).to_be_visible()


def test_in_english_in_the_dark_and_in_large_type(person, stack):
    """What was new here, as others see it; no button and no title stays Chinese."""
    somebody = stack.somebody("Mary Wei")
    page = opened(person(color_scheme="dark"), stack, somebody)
    goes(page, "settings")
    page.get_by_label("English").click()
    goes(page, "settings")
    page.get_by_label("Large", exact=True).check()
    for path in ("", "me", "devices", "adding", "corrections", "guardians", "offers", "receipts"):
        goes(page, f"patient/{path}")
        looks(page, f"{path or 'home'}-english")
        words = page.locator("h1, main h2, main button, main .weui-btn").all_inner_texts()
        assert [one for one in words if CHINESE.search(one) and "覃氏" not in one] == []
