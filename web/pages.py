"""What a page is: an address, a module that fills it, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """
    ``path`` is its address without the first slash; ``module`` the JavaScript module under
    ``static/web``; ``title`` a text to translate. ``scans``: it reads codes with the camera, which
    takes WebAssembly.
    """

    path: str
    module: str
    title: str
    scans: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the places that an area always offers, and the picture beside its name."""

    path: str
    title: str
    icon: str


@dataclass(frozen=True, slots=True)
class Area:
    """The pages of one kind of people. ``roles`` are those whose session opens them."""

    name: str
    title: str
    roles: tuple[str, ...]
    pages: tuple[Page, ...]
    tabs: tuple[Tab, ...] = ()
