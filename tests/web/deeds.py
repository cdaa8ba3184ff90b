"""What the persons of a journey do, each on a screen of their own and by what it shows alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, expect

from prescriptions.uploaded import Patient
from tests.web import entering
from tests.web.camera import Camera
from tests.web.stacks import Stack
from tests.web.test_clinic import add, review

HOSPITAL, DEPARTMENT = "liuzhou-hospital", "心血管内科"
DOCTOR, REVIEWER = f"{HOSPITAL}/doctor/1", f"{HOSPITAL}/reviewer/9"
PHARMACY, COURIER = "yufeng-pharmacy", "guishun-courier"
FUND = "liuzhou-fund"
COURIERS_NAME = "桂顺示范医药速递公司"
MEDICINE, TYPED = "苯磺酸氨氯地平片", "bhsaldpp"
PROOF_MS = 90_000
"""Until organisations have cosigned and witnesses have seen it, on a machine that is busy."""


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def ready(page: Page) -> Page:
    """All of it has come."""
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    expect(page.locator("[data-state=loading]")).to_have_count(0)
    return page


def goes(page: Page, path: str) -> Page:
    page.goto(f"/{path}")
    return ready(page)


def signs(page: Page, words: str = "签名确认") -> None:
    """What the sheet shows."""
    button(page.get_by_role("dialog"), words).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def until(page: Page, what: Locator, *, within_ms: int = PROOF_MS) -> None:
    """Look again and again at a page that does not change by itself."""
    for _ in range(within_ms // 2_000):
        ready(page)
        if what.count():
            break
        page.wait_for_timeout(2_000)
        page.reload()
    expect(what.first).to_be_visible()


# --- the patient -------------------------------------------------------------------------------


def comes(page: Page, stack: Stack, somebody: Patient, *, insured: bool = False) -> None:
    """By WeChat, as somebody whom nobody knows: the camera looks, then the phone makes its key."""
    entering.from_wechat(page, stack, somebody)
    page.get_by_label("姓名").fill(somebody.name)
    page.get_by_label("身份证号").fill(somebody.id_number)
    page.get_by_label("手机号").fill(somebody.phone)
    button(page, "开始人脸核验").click()
    button(page, "摄像头").click()
    button(page, "制作密钥，开始使用").click()
    expect(page.get_by_text("还没有处方")).to_be_visible()
    if insured:
        insures(stack, somebody)


def insures(stack: Stack, somebody: Patient) -> None:
    """The fund has promised four fifths; the rest stays with the patient."""
    now = datetime.now(UTC)
    promise = {
        "patient": somebody.id_number,
        "valid_from": (now - timedelta(days=1)).isoformat(),
        "valid_until": (now + timedelta(days=365)).isoformat(),
        "rates_bp": dict.fromkeys("甲乙丙", 8_000),
    }
    stack.cast.member(FUND, "agent").write("/api/coverages", promise)


def asks(page: Page, complaint: str) -> str:
    """The doctors of the department, with what was found before; the consultation's id."""
    goes(page, "patient/consult")
    button(page, "找医生问诊").click()
    hospital, department = page.locator("main select").first, page.locator("main select").last
    hospital.select_option(HOSPITAL)
    option = department.locator("option", has_text=DEPARTMENT)
    expect(option).to_be_attached()
    department.select_option(option.get_attribute("value"))
    page.get_by_label("描述").fill(complaint)
    page.get_by_label("我以前在医院确诊过").check()
    page.get_by_label("诊断名称").fill("高血压")
    page.get_by_label("诊断编码").fill("I10.x00")
    page.get_by_label("就诊日期").fill(f"{datetime.now(UTC) - timedelta(days=90):%Y-%m-%d}")
    button(page, "签名并提交").click()
    signs(page)
    expect(page.locator("[data-state=asked]")).to_be_visible()
    return page.url.partition("#")[2]


def opens_the_prescription(page: Page) -> str:
    """The one that was approved; its id."""
    goes(page, "patient/")
    until(page, page.locator(".rx[data-status=approved]"))
    page.locator(".rx-link").first.click()
    expect(page).to_have_url(re.compile("/patient/prescription#"))
    ready(page)
    return page.url.partition("#")[2]


def authorizes(page: Page, rx: str, somebody: Patient | None = None) -> None:
    """The pharmacy; a courier brings it to ``somebody``."""
    goes(page, f"patient/choose#{rx}")
    offer = page.locator(f".offer[data-pharmacy={PHARMACY}]")
    button(offer, "选这家").click()
    if somebody:
        offer.get_by_text(f"{COURIERS_NAME}送到家").click()
        offer.get_by_label("收件人").fill(somebody.name)
        offer.get_by_label("电话").fill(somebody.phone)
        offer.get_by_label("地址").fill("柳州市示例路1号")
    button(offer, "签名授权这家药房").click()
    signs(page)


def pays(page: Page) -> str:
    """At WeChat's cashier; the server hears of it by WeChat's notice. The order's number there."""
    with page.expect_request(re.compile("/api/payments/.*/parameters")) as asked:
        page.get_by_role("button", name="微信支付").click()
    button(page, "确认支付").click()
    expect(page.get_by_role("link", name="出示取药码")).to_be_visible()
    return asked.value.url.split("/")[-2]


def refunded(page: Page, stack: Stack, order: str) -> int:
    """As soon as WeChat has it, what the patient's WeChat says that came back, in fen."""
    for _ in range(PROOF_MS // 500):
        told = stack.cast.wechat.get(f"/simulator/orders/{order}").raise_for_status().json()
        done = [one["amount"]["refund"] for one in told["refunds"] if one["status"] == "SUCCESS"]
        if done:
            return sum(done)
        page.wait_for_timeout(500)
    raise AssertionError(f"no refund: {told['refunds']}")


def shows_the_code(page: Page) -> Locator:
    page.get_by_role("link", name="出示取药码").click()
    code = page.locator(".qr[data-code]")
    expect(code).to_be_visible()
    return code


# --- the others --------------------------------------------------------------------------------


def accepts(page: Page, complaint: str) -> None:
    """The doctor, for a question that waits."""
    page.reload()
    page.locator("[data-list=waiting] a", has_text=complaint).click()
    button(page, "接诊").click()
    button(page, "下一步").click()
    signs(page)
    expect(page.locator("section[data-state=open]")).to_contain_text(complaint)


def prescribes(page: Page, days: str = "7", medicine: str = MEDICINE) -> None:
    """One medicine, which is typed by its pinyin; not signed yet."""
    page.get_by_role("button", name="＋ 高血压").click()
    add(page, TYPED, medicine, "1", days)


def issues(page: Page) -> None:
    expect(page.locator("[data-findings=blocks]")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    signs(page)
    page.get_by_role("link", name="已开具的处方").click()
    expect(page.locator("section[data-status=issued]")).to_be_visible()


def approves(page: Page, complaint: str) -> None:
    """The reviewing pharmacist, when it is this one's turn."""
    review(page, complaint)
    page.keyboard.press("Alt+y")
    signs(page)
    expect(page.locator(".toast")).to_contain_text("审核通过")


def scans(page: Page, camera: Camera, code: Locator) -> None:
    """The pharmacist, by a camera before which the patient's phone is held."""
    camera.looks_at(code)
    button(page, "用摄像头扫码").click()
    expect(button(page, "核对无误")).to_be_visible()
    camera.sees_nothing()


def gives_out(page: Page) -> None:
    button(page, "核对无误").click()
    signs(page, "签名发药")
    expect(page.get_by_text("已发药", exact=True)).to_be_visible()


def fetches(page: Page, rx: str) -> None:
    """The courier, at the pharmacy."""
    page.reload()
    page.locator(f"a[href='#{rx}']").click()
    button(page, "取件").click()
    signs(page, "签名取件")
    expect(page.get_by_text("柳州市示例路1号")).to_be_visible()


def receives(page: Page, rx: str) -> None:
    """The patient signs for it."""
    goes(page, f"patient/prescription#{rx}")
    page.reload()
    button(page, "我已收到药，签收").click()
    signs(page)
    expect(page.get_by_role("heading", name="已收到药").first).to_be_visible()
