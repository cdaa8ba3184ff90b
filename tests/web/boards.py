"""The regulator's live board in a story: what it showed, in which order, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any
from uuid import UUID

from playwright.sync_api import Page, expect

APPEARS_MS = 60_000
"""Generous: how soon it is, is told and not judged, since the machine may be busy."""
NOTE = """() => {
  window.shown = [];
  const note = (row) => window.shown.push({ ...row.dataset, at: Date.now() });
  new MutationObserver((changes) => {
    for (const change of changes) for (const row of change.addedNodes) if (row.dataset?.leaf) note(row);
  }).observe(document.querySelector("ol.live"), { childList: true });
}"""
STORED = """async (leaves) => {
  const { listen } = await import("/static/web/board/feed.js");
  const wanted = new Set(leaves), found = {}, over = new AbortController();
  const heard = (entry) => {
    if (!wanted.delete(entry.leaf)) return;
    found[entry.leaf] = entry.stored_at;
    if (!wanted.size) over.abort();
  };
  await listen(heard, () => null, { recent: 500, signal: over.signal });
  return found;
}"""
"""When the entries were stored, from the feed itself, read a second time."""


@dataclass(frozen=True, slots=True)
class Board:
    """A page that is open all the time; ``watch`` makes one."""

    page: Page

    def shows(self, kind: str, subject: str) -> None:
        """The step has come, once."""
        row = f"li[data-kind='{kind}'][data-subject='{subject}']"
        expect(self.page.locator(row)).to_have_count(1, timeout=APPEARS_MS)

    def showed(self, subjects: Sequence[str]) -> list[str]:
        """The kinds of all that was done about these subjects, as they came; looks are none."""
        return [it["kind"] for it in self._of(subjects)]

    def delays_s(self, subjects: Sequence[str]) -> list[float]:
        """From the moment at which each was stored until it stood on the page."""
        rows = self._of(subjects)
        stored = self.page.evaluate(STORED, [it["leaf"] for it in rows])
        return [
            it["at"] / 1000 - datetime.fromisoformat(stored[it["leaf"]]).timestamp() for it in rows
        ]

    def _of(self, subjects: Sequence[str]) -> list[dict[str, Any]]:
        every = self.page.evaluate("window.shown")
        about = [it for it in every if it["subject"] in subjects]
        return [it for it in about if not it["kind"].startswith("record.")]


def watch(page: Page) -> Board:
    """From now on, this page of a regulator who has come in."""
    expect(page.get_by_text("● 已连接")).to_be_visible()
    page.evaluate(NOTE)
    return Board(page)


def subject(kind: str, number: str) -> str:
    """How the ledger calls it: ``rx/…``, ``consultation/…``."""
    return f"{kind}/{UUID(number).hex}"


def told(delays: Sequence[float]) -> str:
    """In words, for whoever reads the run."""
    return f"the board showed {len(delays)} steps: median {median(delays):.2f} s, last {max(delays):.2f} s"
