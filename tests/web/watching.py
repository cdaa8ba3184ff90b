"""What the pages of a test did that no page may do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

WITHIN = ("data", "blob", "about", "chrome-error")
"""Schemes that ask nobody."""


@dataclass  # without slots: Playwright marks the owners of its listeners
class Watch:
    """
    Collects console errors, errors in scripts, violations of the policy (Chromium writes those of
    Trusted Types and of the Content-Security-Policy to the console) and requests to other hosts.

    ``origins`` are those that may be asked: the web and the simulator of WeChat.
    """

    origins: set[str]
    faults: list[str] = field(default_factory=list)
    _expected: list[re.Pattern[str]] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """From now on, for all pages and workers of a person."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)

    def expect(self, pattern: str) -> None:
        """
        Faults that match are no faults in this test.

        Chromium reports each refused or lost request on the console: a test that cuts the network
        says ``expect("ERR_INTERNET_DISCONNECTED")``, one of a refusal ``expect("status of 409")``.
        """
        self._expected.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """What remains."""
        return [it for it in self.faults if not any(one.search(it) for one in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert"):
            where = message.location.get("url", "")
            self.faults.append(f"console: {message.text} ({where})")

    def _error(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in WITHIN and f"{url.scheme}://{url.netloc}" not in self.origins:
            self.faults.append(f"request: {request.url} leaves the host")
