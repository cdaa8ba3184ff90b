"""A patient's phone in a story: logged in by WeChat, known, with a key made in the browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from config.demo.cast import openid_of
from prescriptions.uploaded import Patient
from tests.web.stacks import Stack

REGISTER = """async () => {
  const enter = await import("/static/web/base/enter.js");
  const key = await enter.register("手机");
  await enter.withKey(key.account);
}"""


def opened(page: Page, stack: Stack, somebody: Patient, path: str = "patient/me") -> Page:
    """This page shows ``path``; the hospital and the payers know ``somebody``."""
    stack.cast.introduce(somebody)
    entered(page, stack, somebody)
    page.evaluate(REGISTER)
    return goes(page, path)


def entered(page: Page, stack: Stack, somebody: Patient) -> None:
    """By WeChat, whose log-in comes back with a code; without a key yet."""
    code = stack.wechat("code", openid=openid_of(somebody))["code"]
    page.goto(f"/enter?code={code}&state=patient/me")
    page.wait_for_url("**/patient/me")
    ready(page)


def goes(page: Page, path: str) -> Page:
    """To another page of the same phone, until it has shown what it has."""
    page.goto(f"/{path}")
    return ready(page)


def ready(page: Page) -> Page:
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    return page
