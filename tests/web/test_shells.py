"""Every page's shell: the same for everybody, with a strict policy, and nothing inline."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.test import Client

from config import translations
from web.areas import AREAS

PAGES = {page.path or "/": page for area in AREAS for page in area.pages}
STATIC = Path(settings.BASE_DIR) / "web" / "static" / "web"
OURS = sorted(path for path in STATIC.rglob("*.js") if "vendor" not in path.parts)
COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
TEXTS = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
CHINESE = re.compile("[\u4e00-\u9fff]")
IMPORTS = re.compile(r"""(?:^(?:import|export)\b[^;]*?from |\bimport\()["']([^"']+)["']""", re.M)
CODE_FROM_TEXT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|srcdoc"
)


def asked(path: str, language: str = "") -> str:
    client = Client()
    if language:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = client.get(f"/{path.lstrip('/')}")
    assert answer.status_code == 200
    assert not answer.cookies
    return answer.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_no_code_but_ours_and_none_inline(path):
    answer = Client().get(f"/{path.lstrip('/')}")
    rules = dict(
        rule.strip().partition(" ")[::2] for rule in answer["Content-Security-Policy"].split(";")
    )

    assert rules["default-src"] == "'none'"
    wasm = " 'wasm-unsafe-eval'" if PAGES[path].scans else ""
    assert rules["script-src"] == f"'self'{wasm}"
    assert rules["style-src"] == "'self'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert "camera=(self)" in answer["Permissions-Policy"] or not PAGES[path].scans
    page = answer.content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"\s(?:on\w+|style)=", page) == []
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []


@pytest.mark.parametrize("path", PAGES)
def test_its_module_is_there(path):
    assert (STATIC / PAGES[path].module).is_file()


def test_a_shell_says_nothing_of_who_asks():
    """D1: what a cache or a log holds of a page is the same for everybody."""
    assert asked("patient/") == asked("patient/")
    assert "csrf" not in asked("patient/")


def test_the_language_is_the_readers_and_chinese_otherwise():
    assert 'lang="zh-CN"' in asked("patient/")
    assert 'lang="en"' in asked("patient/", "en")
    assert 'lang="zh-CN"' in asked("patient/", "fr")
    assert "User's" not in asked("words.js", "zh-hans")


@pytest.mark.parametrize("module", OURS, ids=lambda path: path.relative_to(STATIC).as_posix())
class TestModules:
    def test_no_text_becomes_code(self, module):
        assert CODE_FROM_TEXT.findall(module.read_text()) == []

    def test_it_is_short(self, module):
        assert len(module.read_text().splitlines()) <= 300

    def test_what_it_imports_is_there(self, module):
        here = f"/static/web/{module.relative_to(STATIC).as_posix()}"
        for named in IMPORTS.findall(module.read_text()):
            there = urljoin(here, named)
            app = there.split("/")[2]
            file = Path(settings.BASE_DIR) / app / there.lstrip("/")
            assert file.is_file(), named


def texts() -> dict[str, str]:
    """Every text that a module or a page shows, and where."""
    said = {page.title: page.path for page in PAGES.values()}
    for area in AREAS:
        said |= {area.title: area.name} | {tab.title: area.name for tab in area.tabs}
    shell = (Path(settings.BASE_DIR) / "web/templates/web/page.html").read_text()
    said |= dict.fromkeys(re.findall(r"""translate ["']([^"']+)["']""", shell), "page.html")
    for path in [*OURS, Path(settings.BASE_DIR) / "ledger/static/ledger/words.js"]:
        said |= dict.fromkeys(TEXTS.findall(COMMENTS.sub("", path.read_text())), path.name)
    return {text: where for text, where in said.items() if CHINESE.search(text)}


def test_every_text_has_its_english():
    known = set()
    for source in translations.FOLDER.glob("*/en/LC_MESSAGES/*.po"):
        known |= {one.msgid for one in translations.texts(source) if one.msgstr}
    assert {text: where for text, where in texts().items() if text not in known} == {}


def test_the_demos_doors_are_shut_elsewhere(settings):
    """K1: without RX_DEMO nobody is let in by name, and production cannot set it."""
    assert Client().get("/demo/people").status_code == 404
    assert Client().post("/demo/enter").status_code == 404
