"""Debian's Chromium, driven by Playwright; it knows no name and no address but this host's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser")
PATIENCE_MS = 20_000
"""How long a step waits for the page; two processors serve everything."""
FLAGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--force-color-profile=srgb",
)


def found() -> str:
    """
    The program, or the test is skipped and says so; with RX_CI it fails.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing = "no Chromium here: apt-get install chromium fonts-noto-cjk"
        if os.environ.get("RX_CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path


@contextmanager
def running(camera: Path) -> Iterator[Browser]:
    """
    The browser, whose camera plays a file.

    While Playwright runs, this thread has a running event loop, in which Django refuses to ask the
    database: whoever starts it ends it before other tests go on.
    """
    path = found()
    # Requests of service workers are seen, too.
    os.environ.setdefault("PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS", "1")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            chromium_sandbox=os.getuid() != 0,
            args=[*FLAGS, f"--use-file-for-fake-video-capture={camera}"],
        )
        yield browser
        browser.close()
