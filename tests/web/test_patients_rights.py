"""What belongs to a patient beside prescriptions: looks, receipts, the doctor's answer, the account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.looking import axe, fits, picture
from tests.web.phones import goes, opened, ready

HOSPITAL = "liuzhou-hospital"


def looked_at(stack: Any, page: Any) -> dict[str, Any]:
    """The patient asks by API, a doctor of the department reads and answers."""
    return {}


def test_who_looked_is_checked_on_the_phone(person, stack, watch):
    """K9"""
    page = opened(person(), stack, stack.somebody(), "patient/looks")
    expect(page.locator(".fingerprint")).to_be_visible()
    axe(page)
    fits(page)
    goes(page, "patient/receipts")
    page.get_by_role("button", name="全部保存").click()
    expect(page.locator("[data-mark=good]").first).to_be_visible()
    page.screenshot(path="/tmp/p2-receipts.png")
    page.locator("a.weui-cell").first.click()
    page.wait_for_url("**/patient/receipt#*")
    expect(page.locator(".verdict")).to_contain_text("凭证有效")
    page.get_by_role("button", name="出示二维码").click()
    page.screenshot(path="/tmp/p2-receipt.png", full_page=True)
    page.context.set_offline(True)
    watch.expect("ERR_INTERNET_DISCONNECTED")
    page.reload()
    expect(page.locator(".verdict")).to_contain_text("凭证有效")
    page.screenshot(path="/tmp/p2-offline.png", full_page=True)
