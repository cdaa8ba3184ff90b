"""The harness notices what it is there to notice; the pages that there were before the screens."""

import pytest
from playwright.sync_api import expect

from tests.web import entering
from tests.web.conftest import a_page
from tests.web.looking import DESK, MOST_BYTES, axe, fits, picture, small, weight
from tests.web.shown import served

FAULTS = {
    "console: ours": "console.error('ours')",
    "script: thrown": "throw new Error('thrown')",
    "script: rejected": "Promise.reject(new Error('rejected'))",
    "TrustedHTML": "document.body.innerHTML = '<b>x</b>'",
    "Content Security Policy": "new Image().src = 'https://example.com/x.png'",
    "leaves the host": "location = 'https://example.com/'",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_watch_hears_what_no_page_may_do(browser, contexts, watch, fault):
    files = {"a.html": "<body><script type=module src=/a.js></script>", "a.js": FAULTS[fault]}
    with served(files) as url:
        watch.origins.add(url)
        page = a_page(browser, contexts, watch)
        page.goto(f"{url}/a.html", wait_until="commit")
        for _ in range(100):
            if any(fault in it for it in watch.unexpected()):
                break
            page.wait_for_timeout(50)
        assert any(fault in it for it in watch.unexpected()), watch.faults
        watch.expect("")


def test_a_page_that_keeps_people_out_is_told_from_one_that_does_not(browser, contexts, watch):
    wide = "<p>" + "长" * 3 + "</p><table><td>" + "x" * 30 + "</table>"
    files = {
        "good.html": "<main><h1>处方</h1><label>姓名 <input></label></main>",
        "bad.html": "<main><h1>处方</h1><input></main>",
        "wide.html": f"<main><h1>处方</h1>{wide}</main>",
    }
    with served(files) as url:
        watch.origins.add(url)
        page = a_page(browser, contexts, watch)
        page.goto(f"{url}/good.html")
        axe(page)
        fits(page)
        page.goto(f"{url}/bad.html")
        with pytest.raises(AssertionError, match="critical label"):
            axe(page)
        axe(page, without=("label",))
        page.goto(f"{url}/wide.html")
        before = page.content()
        with pytest.raises(AssertionError, match="200 %"):
            fits(page)
        assert page.content() == before
        page.set_viewport_size({"width": 250, "height": 400})
        assert weight(page, f"{url}/good.html") < 2_000


def test_a_picture_is_small_and_only_taken_if_wanted(
    browser, contexts, watch, monkeypatch, tmp_path
):
    monkeypatch.setattr("tests.web.looking.PICTURES", tmp_path)
    page = a_page(browser, contexts, watch, DESK)
    page.set_content("<h1>监管</h1>" + "<p>药品追溯码 " * 500)
    monkeypatch.delenv("RX_PICTURES", raising=False)
    picture(page, "board")
    assert [*tmp_path.iterdir()] == []
    monkeypatch.setenv("RX_PICTURES", "1")
    picture(page, "board")
    (made,) = tmp_path.iterdir()
    assert made.name == "board.png"
    assert made.stat().st_size <= MOST_BYTES
    assert len(small(page.screenshot())) <= MOST_BYTES


def test_persons_share_nothing(person):
    one, other = person(), person(DESK)
    for each in (one, other):
        each.goto("/check")
    one.evaluate("localStorage.setItem('whose', 'one')")
    assert other.evaluate("localStorage.getItem('whose')") is None
    assert one.evaluate("[navigator.language, innerWidth]") == ["zh-CN", 390]
    assert other.evaluate("innerWidth") == 1280


def test_the_page_that_checks_receipts(page):
    page.goto("/check")
    expect(page.locator("h1")).to_be_visible()
    axe(page)
    fits(page)
    picture(page, "check")


def test_the_page_of_the_interface(person):
    page = person(DESK)
    page.goto("/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible()


def test_everybody_can_be_asked_by_api_too(stack):
    assert stack.cast.member("liuzhou-hospital", "doctor").get("/api/keys")["keys"]
    somebody = stack.somebody()
    assert stack.cast.patient(somebody).get("/api/keys")["keys"]
    assert stack.wechat_url.startswith("http://127.0.0.1:")
    assert stack.enrolment_code("liuzhou-hospital/doctor/1")


def test_who_comes_in_stands_before_the_own_page(person, stack):
    doctor = person(DESK)
    entering.played(doctor, "liuzhou-hospital/doctor/1")
    expect(doctor).to_have_url(f"{stack.web_url}/doctor/")
    patient = person()
    entering.from_wechat(patient, stack, stack.somebody())
    expect(patient).to_have_url(f"{stack.web_url}/patient/identify")
