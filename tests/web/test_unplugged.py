"""A pharmacy without a network: receipts are believed, a slip is signed, and brought in later."""

import json
import time

import pytest
from playwright.sync_api import expect

from hospital.client import Problem
from ledger import receiptfile
from tests.web.counter import paid, typed
from tests.web.entering import played
from tests.web.looking import DESK, axe, fits, picture

PHARMACY = "yufeng-pharmacy"


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def wallet(waiting):
    """The receipt files of one prescription, the last one with its lines opened."""
    subject = f"rx/{waiting.id.replace('-', '')}"
    entries = waiting.patient.get("/api/entries", subject=subject)["entries"]
    files = [receipt(waiting.patient, one["leaf"]) for one in entries]
    fields = receiptfile.fields_of(
        json.dumps(waiting.patient.get(f"/api/prescriptions/{waiting.id}/fields")).encode()
    )
    lines = [one.name for one in fields if one.name.startswith("line/")]
    files[-1] = receiptfile.with_opened(files[-1], fields, lines)
    return files


def receipt(patient, leaf):
    for _ in range(300):
        try:
            return patient.text(f"/api/receipts/{leaf}?file=1")
        except Problem as problem:
            if problem.code != "entry.not_yet_published":
                raise
            time.sleep(0.2)
    pytest.fail("the receipt does not become final")


def test_given_out_without_a_network_and_brought_in_afterwards(stack, person, watch):
    watch.expect("ERR_INTERNET_DISCONNECTED")
    watch.expect("ERR_FAILED")
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY, valid_days=3)
    files = wallet(waiting)
    page = person(DESK)
    played(page, f"{PHARMACY}/pharmacist/1", back="pharmacy/offline")
    expect(page.get_by_text("离线发药的限制")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    axe(page)
    fits(page)
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_text("总额不超过")).to_be_visible()
    page.get_by_label("凭证文件").set_input_files(
        [
            {"name": f"{n}.txt", "mimeType": "text/plain", "buffer": one}
            for n, one in enumerate(files)
        ]
    )
    typed(page, waiting.code())
    expect(page.get_by_text("凭证有效")).to_be_visible()
    for check in page.get_by_role("checkbox").all():
        check.check()
    picture(page, "pharmacy-offline")
    button(page, "签离线凭条并发药").click()
    button(page, "签名发药").click()
    expect(page.get_by_text("已离线发药，凭条已保存在本机。")).to_be_visible()
    page.context.set_offline(False)
    button(page, "补录 1 张").click()
    button(page, "签名补录").click()
    expect(page.get_by_text("已补录", exact=True)).to_be_visible()
    assert waiting.status() == "dispensed"


def test_a_receipt_that_is_missing_or_bent_gives_nothing(stack, person):
    waiting = paid(stack, stack.somebody(), pharmacy=PHARMACY, valid_days=3)
    files = wallet(waiting)
    page = person(DESK)
    played(page, f"{PHARMACY}/pharmacist/1", back="pharmacy/offline")
    expect(page.get_by_text("离线发药的限制")).to_be_visible()
    for shown, words in [(files[:-1], "凭证没有显示已付款"), (files[1:], "凭证不完整或无效")]:
        page.reload()
        page.get_by_label("凭证文件").set_input_files(
            [
                {"name": f"{n}.txt", "mimeType": "text/plain", "buffer": one}
                for n, one in enumerate(shown)
            ]
        )
        typed(page, waiting.code())
        expect(page.get_by_text(words)).to_be_visible()
        expect(page.get_by_text("凭证有效")).to_have_count(0)
