"""
Where a log's keys and files lie, and under which address its files are served.

The first log is in KEY_FOLDER and LOG_FOLDER, served at ``/log``. Others have the first one's
origin, a slash and a suffix as origin; they lie in folders named after the suffix, in which dots
stand for slashes: their keys below ``logs`` in KEY_FOLDER, their files below ``ledger`` beside
LOG_FOLDER, served at ``/logs/<suffix>``.
"""

import re
from pathlib import Path

from django.conf import settings

from ledger import keyfile
from ledger import note as notes
from ledger.cosignature import Cosigner

_SUFFIX = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*([./][a-z0-9]+(-[a-z0-9]+)*)*")
LOGS, LEDGER = "logs", "ledger"


class BadName(ValueError):
    """A log cannot be called so."""


def suffix(origin: str) -> str:
    """
    Give what a log's folders are named after; empty for the first log.

    Raises:
        BadName: the origin does not begin with the first log's, or has unfit characters.
    """
    first = str(settings.LEDGER_ORIGIN)
    if origin == first:
        return ""
    rest = origin.removeprefix(f"{first}/")
    if rest == origin or not _SUFFIX.fullmatch(rest):
        raise BadName(f"a log beside {first} is called {first}/<lower-case words>, not {origin}")
    return rest.replace("/", ".")


def published(origin: str) -> Path:
    """Where the log's files are published."""
    return published_at(suffix(origin))


def published_at(name: str) -> Path:
    """Where the files of the log with this suffix are published."""
    folder = Path(settings.LOG_FOLDER)
    return folder.with_name(LEDGER) / name if name else folder


def path(origin: str) -> str:
    """Where the log's files are served, below the web's address."""
    name = suffix(origin)
    return f"{LOGS}/{name}" if name else "log"


def keys(origin: str) -> Path:
    """Where the log's own keys lie."""
    folder, name = Path(settings.KEY_FOLDER), suffix(origin)
    return folder / LOGS / name if name else folder


def signer(origin: str) -> notes.Signer:
    """The log's key; raises as ``keyfile.load``."""
    return keyfile.load(keys(origin) / keyfile.LOG_KEY)


def second_signer(origin: str) -> Cosigner | None:
    """The log's post-quantum key, where it has one."""
    return keyfile.second_log_key(keys(origin))


def make_keys(origin: str) -> notes.Signer:
    """The log's key, made first if there is none; so the second one, if it is wanted."""
    wanted = bool(settings.LEDGER_POST_QUANTUM)
    return keyfile.make_log_keys(keys(origin), origin, post_quantum=wanted)
