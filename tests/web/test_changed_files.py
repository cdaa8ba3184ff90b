"""Static files while somebody works on them, and while nobody does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

from config.home import BASE

SAID = "from config import settings as s; print(s.WHITENOISE_AUTOREFRESH, s.WHITENOISE_MAX_AGE)"


@pytest.fixture
def module(settings, tmp_path):
    """A module that the server has served once."""
    settings.STATICFILES_DIRS = [tmp_path]
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]
    path: Path = tmp_path / "a.js"
    path.write_text("one\n")
    yield path
    finders.get_finder.cache_clear()  # type: ignore[attr-defined]


def served(middleware) -> tuple[str, bytes]:
    request = HttpRequest()
    request.path_info, request.method = "/static/a.js", "GET"
    answer = middleware(request)
    return answer["Content-Length"], b"".join(answer)


def test_a_changed_file_is_served_as_it_is_now(settings, module):
    """Its length too: a browser cuts a module off after the length that it was told."""
    settings.WHITENOISE_AUTOREFRESH = True
    middleware = WhiteNoiseMiddleware(lambda _: HttpResponse(status=404))
    assert served(middleware) == ("4", b"one\n")
    module.write_text("one and two\n")
    assert served(middleware) == ("12", b"one and two\n")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"RX_DEMO": "1"}, "True 0"),
        ({}, "False 60"),
        ({"RX_DEMO": "1", "RX_ENV": "production", "SECRET_KEY": "k" * 64}, "False 60"),
    ],
    ids=["demo", "otherwise", "production"],
)
def test_it_is_looked_at_anew_in_the_demo_alone(asked, said):
    bare = {name: one for name, one in os.environ.items() if name not in ("RX_DEMO", "RX_ENV")}
    command = [sys.executable, "-c", SAID]
    told = subprocess.check_output(command, cwd=BASE, env={**bare, **asked}, text=True)
    assert told.strip() == said
