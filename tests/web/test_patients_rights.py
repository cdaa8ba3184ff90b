"""What a patient has beside prescriptions: looks, receipts, a doctor's answer, the account."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image
from playwright.sync_api import Page, Route, expect

from hospital.client import Client
from tests.web.looking import axe, fits, picture
from tests.web.phones import goes, opened, ready

HOSPITAL = "liuzhou-hospital"
MARKUP = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
SIGN = "签名"
PLACES = ["grants", "devices", "guardians", "offers", "export", "erase"]
ALTERED = """async (leaf) => {
  const forms = await import("/static/ledger/forms.js");
  const open = indexedDB.open("rx-receipts", 1);
  const done = (asked) => new Promise((end) => { asked.onsuccess = () => end(asked.result); });
  const store = (await done(open)).transaction("receipts", "readwrite").objectStore("receipts");
  const kept = await done(store.get(leaf));
  const lines = kept.file.split("\\n");
  const extra = forms.decodeUtf8(forms.decodeBase64(lines[1].slice(6)));
  const altered = extra.replace("consultation.ask", "consultation.bsk");
  lines[1] = "extra " + forms.encodeBase64(forms.encodeUtf8(altered));
  await done(store.put({ ...kept, file: lines.join("\\n") }));
}"""


ASKED = """async (department) => {
  const { write } = await import("/static/web/base/api.js");
  const { command } = await import("/static/web/base/sign.js");
  const { id } = await write("/api/consultations", { department, complaint: "头晕" });
  await command(`/api/consultations/${id}/ask`, {}, { ask: false });
  return id;
}"""


def photo() -> bytes:
    """A picture as a camera makes it: with the place in its EXIF."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "WhereIWas"
    Image.new("RGB", (2000, 1500), "teal").save(file, "JPEG", exif=exif)
    return file.getvalue()


def doctor(stack: Any) -> Client:
    """One who may see patients online, of the hospital's first such department."""
    found: Client = stack.cast.member(HOSPITAL, "doctor")
    return found


def department_of(one: Client) -> int:
    listed = one.get(f"/api/organisations/{HOSPITAL}/departments")["departments"]
    mine = (it for it in listed if one.account in [each["account"] for each in it["doctors"]])
    return int(next(mine)["id"])


def signs(page: Page) -> None:
    """What is shown in the sheet."""
    page.locator(".sheet").get_by_role("button", name=SIGN).click()


def asks(page: Page, department: int, complaint: str) -> str:
    """By the form; the consultation's id."""
    goes(page, "patient/consult")
    page.get_by_role("button", name="找医生问诊").click()
    page.locator("select").first.select_option(HOSPITAL)
    page.locator("select").last.select_option(str(department))
    page.get_by_label("描述").fill(complaint)
    page.get_by_label("我以前在医院确诊过").check()
    page.get_by_label("诊断名称").fill("高血压")
    page.get_by_label("诊断编码").fill("I10")
    page.get_by_label("就诊日期").fill(f"{datetime.now(UTC) - timedelta(days=90):%Y-%m-%d}")
    picture(page, "patient-consult")
    axe(page)
    fits(page)
    page.get_by_role("button", name="签名并提交").click()
    signs(page)
    page.wait_for_url("**/patient/consultation#*")
    expect(page.locator("[data-state=asked]")).to_be_visible()
    return page.url.partition("#")[2]


def test_a_patient_and_a_doctor_talk(person, stack):
    """D6: markup in a message is text, and no place leaves the phone with a picture."""
    page, answering = opened(person(), stack, stack.somebody()), doctor(stack)
    consultation = asks(page, department_of(answering), f"血压偏高 {MARKUP}")
    path = f"/api/consultations/{consultation}"
    answering.get(path)
    answering.command(f"{path}/accept", {"follow_up": True, "guardian": False})
    expect(page.locator("[data-state=open]")).to_be_visible()
    ready(page)
    page.get_by_label("输入消息").fill(f"您好 {MARKUP}")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".chat .mine .said")).to_have_text(f"您好 {MARKUP}")
    page.get_by_label("选择图片").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    expect(page.locator(".chat .mine img")).to_be_visible()
    sent = answering.get(f"{path}/messages/2")
    assert "WhereIWas" not in Image.open(io.BytesIO(decoded(sent["picture"]))).getexif().values()
    answering.write(f"{path}/messages", {"text": "请按时服药。"})
    expect(page.locator(".chat .theirs .said")).to_have_text("请按时服药。")
    assert page.title() != "taken"
    axe(page)
    fits(page)
    picture(page, "patient-consultation")
    answering.command(f"{path}/close")


def test_who_looked_is_checked_on_the_phone_with_a_network_and_without(person, stack, watch):
    """K2, K9: a doctor's look is proven, another purpose and an altered receipt are refused."""
    page, reading = opened(person(), stack, stack.somebody(), "patient/looks"), doctor(stack)
    expect(page.locator("[data-state=empty]")).to_be_visible()
    reading.get(f"/api/consultations/{page.evaluate(ASKED, department_of(reading))}")
    line = page.locator(".looks .card").filter(has_text="医师")
    for _ in range(30):  # a look is told once it is in the log, a second later
        goes(page, "patient/looks")
        if line.count():
            break
        page.wait_for_timeout(500)
    expect(line.locator("[data-mark=good]")).to_be_visible()
    page.get_by_role("button", name="核对有没有遗漏").click()
    expect(page.get_by_text("没有遗漏").locator("visible=true").last).to_be_visible()
    expect(page.locator("[data-mark=bad]")).to_have_count(0)
    expect(page.locator(".fingerprint")).to_be_visible()
    axe(page)
    fits(page)
    picture(page, "patient-looks")
    page.route("**/api/me/looks*", misled)
    goes(page, "patient/looks")
    expect(line.locator("[data-mark=bad]")).to_contain_text("核验不符")
    page.unroute("**/api/me/looks*")
    page.route("**/log/policy", lambda route: route.fulfill(body="# another\nquorum none\n"))
    goes(page, "patient/looks")
    expect(page.get_by_role("alert")).to_contain_text("验证规则已经改变")
    expect(line.locator("[data-mark=good]")).to_be_visible()
    page.unroute("**/log/policy")

    goes(page, "patient/receipts")
    page.get_by_role("button", name="全部保存").click()
    row = page.locator("a.weui-cell").filter(has_text="患者提出在线问诊")
    expect(row.locator("[data-mark=good]")).to_be_visible()
    axe(page)
    fits(page)
    picture(page, "patient-receipts")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    watch.expect("ERR_INTERNET_DISCONNECTED")
    page.reload()
    row.locator("[data-mark=good]").wait_for()
    row.click()
    expect(page.locator(".verdict[data-mark=good]")).to_be_visible()
    picture(page, "patient-receipt")
    page.get_by_role("button", name="出示二维码").click()
    expect(page.locator(".code svg")).to_be_visible()
    axe(page)
    fits(page)
    page.evaluate(ALTERED, page.url.partition("#")[2])
    page.reload()
    expect(page.locator(".verdict[data-mark=bad]")).to_contain_text("凭证无效")


def misled(route: Route) -> None:
    """A server that says another purpose than the entries."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('"treatment"', '"research"'))


def copied(page: Page) -> set[str]:
    """A copy is made and saved; the kinds of resources in its first file."""
    page.get_by_role("button", name="制作副本").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="保存文件").first.click()
    copy = json.loads(saved.value.path().read_text())
    assert copy["resourceType"] == "Bundle"
    return {one["resource"]["resourceType"] for one in copy["entry"]}


def test_what_is_mine_has_a_page_and_a_signature(person, stack):
    """A grant is given and withdrawn, a copy is made; every page works for everybody."""
    page = opened(person(), stack, stack.somebody())
    expect(page.locator("[data-unread]")).to_be_visible()
    axe(page)
    fits(page)
    picture(page, "patient-me")
    for name in PLACES:
        goes(page, f"patient/{name}")
        axe(page)
        fits(page)
        picture(page, f"patient-{name}")
    goes(page, "patient/grants")
    page.get_by_role("button", name="新的授权").click()
    page.get_by_role("button", name="核对并签名").click()
    expect(page.locator(".sheet")).to_contain_text("患者授权查看")
    signs(page)
    page.get_by_role("button", name="撤回授权").click()
    signs(page)
    expect(page.get_by_text("目前没有有效的授权。")).to_be_visible()
    goes(page, "patient/export")
    for _ in range(60):
        kinds = copied(page)
        if "Provenance" in kinds:
            break
        page.wait_for_timeout(1_000)  # a copy ends where the last cosigned checkpoint does
    assert {"Patient", "Provenance"} <= kinds


def test_an_account_ends(person, stack):
    """Everything is erased by a signature, and the phone keeps no key."""
    page = opened(person(), stack, stack.somebody(), "patient/erase")
    page.get_by_label("我明白删除后不能恢复").check()
    page.get_by_role("button", name="签名并删除全部数据").click()
    signs(page)
    expect(page.get_by_text("您的数据已删除，账户已关闭。")).to_be_visible()
    keys = page.evaluate("import('/static/web/base/keys.js').then((it) => it.all())")
    assert keys == []


def decoded(text: str) -> bytes:
    return base64.b64decode(text)
