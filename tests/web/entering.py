"""How persons get in: by the log-in page, with what the personnel office or WeChat gave them."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.sync_api import Page, expect

from config.demo.cast import openid_of
from config.demo.window import AREAS
from prescriptions.uploaded import Patient
from tests.web.stacks import Stack


def played(page: Page, name: str, *, back: str = "") -> None:
    """
    As one of the demo's persons: ``liuzhou-hospital/doctor/1``, ``patient/2``. Staff make a key on
    the way and stand at their area's page, or at ``back`` (``doctor/new``).
    """
    area = AREAS[name.split("/")[1]] if name.count("/") == 2 else "patient"
    page.goto(f"/enter#{area}/{quote(back, safe='')}/{quote(name, safe='')}")
    page.get_by_role("button", name="以这位演示人物进入").click()
    expect(page.locator(f"body[data-area='{area}']")).to_be_attached()


def from_wechat(page: Page, stack: Stack, person: Patient, *, back: str = "") -> None:
    """As a patient, by WeChat's page on this person's phone and its code (OAuth)."""
    page.goto(f"/enter#patient/{quote(back, safe='')}")
    page.get_by_role("button", name="微信登录").click()
    expect(page).to_have_url(re.compile(f"^{re.escape(stack.wechat_url)}"))
    page.get_by_label("openid").fill(openid_of(person))
    page.get_by_role("button", name="允许").click()
    expect(page.locator("body[data-area='patient']")).to_be_attached()
