"""
The English of the screens, compiled: ``.po`` files are written by people, ``.mo`` files are read by
Django. Each area of ``web`` has its own folder, so that a text stands beside those of its pages.
"""

from pathlib import Path

import polib

from config.home import BASE

FOLDER = BASE / "web" / "locale"


def compiled() -> dict[Path, bytes]:
    """Path → content of every ``.mo``; the same bytes for the same texts."""
    return {
        source.with_suffix(".mo"): texts(source).to_binary()
        for source in sorted(FOLDER.glob("*/*/LC_MESSAGES/*.po"))
    }


def texts(source: Path) -> polib.POFile:
    """The texts of one ``.po``."""
    return polib.pofile(str(source), encoding="utf-8")
