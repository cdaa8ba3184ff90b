"""
Journeys in a browser: how to write one. Nothing of it runs in the fast tests.

    def test_a_patient_sees_the_prescription(person, stack, camera, watch):
        patient = person()                                # a phone, 390 × 844, nobody logged in
        doctor = person(DESK, color_scheme="dark")        # a desk, 1280 × 800
        patient.goto("/patient")                          # addresses within the stack's web
        patient.get_by_role("button", name="微信登录").click()
        expect(patient.get_by_role("heading", name="我的处方")).to_be_visible()
        axe(patient), fits(patient), picture(patient, "patient-prescriptions")

Run one file: ``$RX_VENV/bin/python -m pytest -q tests/web/test_NAME.py``; ``./rx test --all`` runs
all. The stack takes 35 s to come up, once a run. ``RX_STACK_HOME=~/mine`` keeps its home, which
takes 12 s the next time; the persons of former runs are in it. If ``RX_HOME=~/mine ./rx up`` is
running, the tests use that one, at once. ``RX_PICTURES=1`` writes ``docs/screens/`` (remove the old
ones first). Where there is no Chromium the tests are skipped; with ``RX_CI`` they fail.

Fixtures
    stack     the whole system, as ``./rx up`` serves it, one for all tests of a run: ``web_url``,
              ``wechat_url``, ``cast`` (everybody by API, for what a story needs but does not show),
              ``somebody()``, ``enrolment_code()``, ``wechat()``. See ``stacks``.
    person    makes a person's page: a browser context with a storage of its own, in Chinese, in
              China's time. Shapes are ``PHONE``, ``DESK``, or ``(width, height)``; further options
              go to Playwright's ``new_context``. ``context.set_offline(True)`` cuts the network.
    page      ``person()``
    camera    what all cameras see: ``sees(text)``, ``sees(text, "Code128")``, ``looks_at(page)``
    watch     fails the test at its end if a page wrote an error to the console, had an error in a
              script, violated its policy or asked another host. A refusal (4xx) and a lost request
              are such errors, too: ``watch.expect("status of 409")``. See ``watching``.
    browser   Chromium itself, one a module

From ``tests.web.looking``
    axe(page)            no serious or critical finding
    fits(page)           no sideways scrolling at 320 px, nor in letters twice as large
    picture(page, name)  the current picture of a screen, see ``RX_PICTURES``
    weight(page, path)   bytes of a first load

Whoever asks for ``browser`` or ``stack``, itself or through others, is marked ``slow`` and
``alone`` here; there is nothing to write. Such a module cannot ask this process's database:
Playwright's event loop runs in the same thread. A test that fails leaves a picture of each page in
pytest's folder and says where. The stack is shared: a test brings its own patients
(``stack.somebody()``), counts nothing that others write, and waits by ``expect(…)`` and not for
seconds.
"""

from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize

from tests.web import browsers, stacks
from tests.web.camera import Camera
from tests.web.looking import PHONE
from tests.web.watching import Watch

HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()


class Persons(Protocol):
    """Makes pages, each with storage of its own."""

    def __call__(self, shape: tuple[int, int] = PHONE, **options: Any) -> Page: ...


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who starts a browser does so after all others, for the stack stays; never in fast tests."""
    ours = [item for item in items if HERE in item.path.parents and _browses(item)]
    chosen = set(ours)
    for item in ours:
        item.add_marker(pytest.mark.slow)
        item.add_marker(pytest.mark.alone)
    items[:] = [item for item in items if item not in chosen] + ours


def _browses(item: pytest.Item) -> bool:
    return bool({"browser", "stack"} & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for the fixtures' ends whether the test held."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def stack() -> Iterator[stacks.Stack]:
    """The whole system; not started where there is no browser to look at it."""
    browsers.found()
    with stacks.running() as running:
        yield running


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Camera:
    """See ``Camera``; at first it sees nothing."""
    made = Camera(tmp_path_factory.mktemp("camera") / "seen.y4m")
    made.sees_nothing()
    return made


@pytest.fixture(scope="module")
def browser(camera: Camera) -> Iterator[Browser]:
    """One a module (1 s): see ``browsers.running`` why not one a run."""
    with browsers.running(camera.path) as running:
        yield running


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test at its end for what its pages did."""
    made = Watch(set())
    yield made
    assert made.unexpected() == []


@pytest.fixture
def contexts(
    browser: Browser, watch: Watch, camera: Camera, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[list[BrowserContext]]:
    """Those of this test; closed at its end, so that the watch has heard everything."""
    made: list[BrowserContext] = []
    yield made
    pages = [page for context in made for page in context.pages]
    if request.node.stash.get(FAILED, True):
        for number, page in enumerate(pages):
            with suppress(Error):  # of a page that hangs, say
                page.screenshot(path=tmp_path / f"page-{number}.png", full_page=True)
        request.node.add_report_section("teardown", "pages", f"{len(pages)} pages: {tmp_path}")
    for context in made:
        context.close()
    camera.sees_nothing()


@pytest.fixture
def person(
    browser: Browser, contexts: list[BrowserContext], stack: stacks.Stack, watch: Watch
) -> Persons:
    """Makes a person's page; see the module's text."""
    watch.origins |= stack.origins

    def make(shape: tuple[int, int] = PHONE, **options: Any) -> Page:
        return a_page(browser, contexts, watch, shape, base_url=stack.web_url, **options)

    return make


@pytest.fixture
def page(person: Persons) -> Page:
    """The page of one person with a phone."""
    return person()


def a_page(
    browser: Browser,
    contexts: list[BrowserContext],
    watch: Watch,
    shape: tuple[int, int] = PHONE,
    **options: Any,
) -> Page:
    """The first page of a new context, watched."""
    usual = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "reduced_motion": "reduce"}
    size = ViewportSize(width=shape[0], height=shape[1])
    context = browser.new_context(viewport=size, **{**usual, **options})
    context.set_default_timeout(browsers.PATIENCE_MS)
    contexts.append(context)
    watch.over(context)
    return context.new_page()
