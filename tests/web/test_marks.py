"""A mark on a page says whether its entry is proven, and does not stop at "not yet"."""

from __future__ import annotations

import json
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.web import entering
from tests.web.deeds import PROOF_MS, goes
from tests.web.looking import DESK

SEEN = "Object.defineProperty(document, 'hidden', {configurable: true, value: %s})"
BACK = f"{SEEN % 'false'}; document.dispatchEvent(new Event('visibilitychange'))"
NOT_YET = json.dumps({"code": "entry.not_yet_published", "title": "ask again"})
BROKEN = json.dumps({"code": "server.fault", "title": "wait"})


def an_entry(stack, person) -> Page:
    """The regulator's page of entries, and the registration of a doctor's key, which is proven."""
    page: Page = person(DESK)
    entering.played(page, "liuzhou-regulator/regulator/1")
    page.clock.install()
    key = stack.cast.member("liuzhou-hospital", "doctor").key_name
    page.goto("about:blank")
    page.route("**/api/receipts/*", refusing(page, []))
    goes(page, f"board/entry#key/{key}")
    return page


def refusing(page: Page, asked: list[str]) -> Callable[[Route], None]:
    """As the server does until witnesses have come: no receipt yet."""

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        kind, status = (BROKEN, 500) if len(asked) == 2 else (NOT_YET, 409)
        route.fulfill(status=status, content_type="application/json", body=kind)

    return answer


def test_a_mark_asks_again_until_its_entry_is_proven(stack, person, watch):
    """L5: while somebody looks, with growing pauses; then it stands, and asks no more."""
    watch.expect("status of 409")
    watch.expect("status of 500")
    page = an_entry(stack, person)
    asked: list[str] = []
    mark = page.locator(".mark").first
    expect(mark).to_have_text("等待见证")
    page.unroute_all()
    page.route("**/api/receipts/*", refusing(page, asked))
    page.clock.run_for(2_100)
    expect(mark).to_have_text("等待见证")
    assert len(asked) == 1
    page.clock.run_for(2_100)
    assert len(asked) == 1, "pauses grow"
    page.clock.run_for(1_000)
    expect(mark).to_have_text("未能核验")
    assert len(asked) == 2

    page.evaluate(SEEN % "true")
    page.clock.run_for(600_000)
    assert len(asked) == 2, "nobody looks"
    page.unroute_all()
    page.evaluate(BACK)
    expect(mark).to_have_text("✓ 已核验", timeout=PROOF_MS)
    with page.expect_request("**/api/receipts/*") as again:
        page.clock.run_for(600_000)
        page.reload()
    assert again.value
    expect(mark).to_have_text("✓ 已核验")


def test_a_mark_that_is_gone_asks_no_more(stack, person, watch):
    watch.expect("status of 409")
    page = an_entry(stack, person)
    asked: list[str] = []
    expect(page.locator(".mark").first).to_have_text("等待见证")
    page.unroute_all()
    page.route("**/api/receipts/*", refusing(page, asked))
    page.evaluate("location.hash = 'rx/none'")
    expect(page.get_by_text("账本中没有这个编号。")).to_be_visible()
    page.clock.run_for(600_000)
    assert not asked
