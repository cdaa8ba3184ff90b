"""Shells of pages, the texts of the chosen language, and the worker that keeps pages offline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

from web.pages import Area, Page

LANGUAGES = {"zh-hans": "zh-CN", "en": "en"}
"""Django's names of the languages that pages speak → what HTML calls them."""

KEPT_AREAS = ("patient", "pharmacy")
"""Whose pages, or some of them, open without a network."""

POLICY = (
    "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self' blob:; connect-src 'self'{live}; worker-src 'self'; manifest-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types rx"
)
"""No code but ours, none of it inline, and no text becomes code."""


def shell(area: Area, page: Page) -> Callable[[HttpRequest], HttpResponse]:
    """The view of a page: the same bytes for everybody who reads the same language."""

    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        language = _language(request)
        known = {"wechat": _wechat(), "appid": _appid(), "live": settings.LIVE_URL}
        shown = {"area": area, "page": page, "lang": LANGUAGES[language], **known}
        with translation.override(language):
            answer = render(request, "web/page.html", shown)
        live = f" {settings.LIVE_URL}" if settings.LIVE_URL else ""
        wasm = " 'wasm-unsafe-eval'" if page.scans else ""
        answer["Content-Security-Policy"] = POLICY.format(live=live, wasm=wasm)
        answer["Permissions-Policy"] = f"camera=({'self' if page.scans else ''}), microphone=()"
        return answer

    return view


@require_safe
def words(request: HttpRequest) -> HttpResponseBase:
    """The texts of all modules in the chosen language, and how they are looked up."""
    with translation.override(_language(request)):
        return JavaScriptCatalog.as_view(packages=["web"])(request)


def worker(area: str) -> Callable[[HttpRequest], HttpResponse]:
    """
    The view of an area's service worker, at an address whose scope is the area's pages: the list of
    what is kept, and what all areas' workers do with theirs. It loads no other script.
    """

    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        found = [finders.find(f"web/{name}.js") for name in (f"{area}/worker", "base/keeping")]
        if None in found:
            raise Http404
        whole = b"".join(Path(str(one)).read_bytes() for one in found)
        answer = HttpResponse(whole, content_type="text/javascript")
        answer["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
        return answer

    return view


def _language(request: HttpRequest) -> str:
    """What the reader has chosen; pages speak Chinese unless told otherwise."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in LANGUAGES else "zh-hans"


def _appid() -> str:
    """Of the app in whose name pages send people to WeChat's log-in; it is no secret."""
    return str(settings.WECHAT["appid"])


def _wechat() -> str:
    """Where the simulated phone's pages are; empty where the pages run inside WeChat."""
    return str(settings.WECHAT_PHONE)
