"""Every page of every area, as its people see it first: nothing shuts anybody out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web import entering
from tests.web.looking import DESK, PHONE, axe, fits, picture, weight
from tests.web.phones import opened
from web.areas import AREAS
from web.pages import Area

PERSONS = {
    "doctor": "liuzhou-hospital/doctor/1",
    "reviewer": "liuzhou-hospital/reviewer/9",
    "pharmacy": "longcheng-pharmacy/pharmacist/1",
    "courier": "guishun-courier/courier/1",
    "payer": "liuzhou-fund/officer/2",
    "board": "liuzhou-regulator/regulator/1",
}
PHONES = {"", "patient", "courier"}
FIRST_LOAD = 300_000
"""Bytes, without the reader of codes."""


def a_page(person, stack, area: Area):
    """Of one of its people, logged in; a patient whom nobody knows would see one page alone."""
    page = person(PHONE if area.name in PHONES else DESK)
    if area.name == "patient":
        opened(page, stack, stack.somebody())
    elif area.name:
        entering.played(page, PERSONS[area.name])
    return page


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name or "window")
def test_every_page_of(area, person, stack, watch):
    """Some pages are asked here without the ``#ID`` that they are of: what is refused is said."""
    watch.expect("status of 404")
    page = a_page(person, stack, area)
    for one in area.pages:
        page.goto(f"/{one.path}")
        expect(page.locator("main")).to_have_attribute("aria-busy", "false")
        axe(page)
        fits(page)
        # a story's picture of the same page shows more: no empty one takes its place
        picture(page, one.path.strip("/").replace("/", "-") or "window", replaces=False)
        heavy = weight(page, f"/{one.path}")
        assert heavy <= FIRST_LOAD or one.scans, (one.path, heavy)
