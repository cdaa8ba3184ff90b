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
from ledger.cosignature import Algorithm, Cosigner

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
    return keyfile.load(keys(origin) / "log.key")


def second_signer(origin: str) -> Cosigner | None:
    """The log's post-quantum key, where it has one."""
    path = keys(origin) / "log.ml-dsa.key"
    return keyfile.load_cosigner(path, Algorithm.ML_DSA_44) if path.exists() else None


def make_keys(origin: str) -> notes.Signer:
    """The log's keys, made first if there are none."""
    second = keys(origin) / "log.ml-dsa.key"
    if settings.LEDGER_POST_QUANTUM and not second.exists():
        keyfile.save(second, Cosigner.generate(origin, Algorithm.ML_DSA_44))
    return keyfile.load_or_make(keys(origin) / "log.key", origin)
