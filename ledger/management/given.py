"""What commands for outsiders are given: a policy, files, places of logs. No database, no keys."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from ledger import tiles
from ledger.policy import BadPolicy, Policy
from ledger.readers import Folder, Web


def add_policy(parser: CommandParser) -> None:
    """The option ``--policy``."""
    parser.add_argument(
        "--policy", type=Path, help="the policy file (C2SP tlog-policy); default: RX_HOME's"
    )


def policy(path: Path | None) -> Policy:
    """Read the policy file, or say that there is none."""
    path = path or Path(settings.LEDGER_POLICY)
    try:
        return Policy.parse(path.read_bytes())
    except OSError as error:
        raise CommandError(f"no policy file {path}; name one with --policy") from error
    except BadPolicy as error:
        raise CommandError(f"{path}: {error}") from error


def content(path: Path) -> bytes:
    """Read a file, or say that it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error


def log(place: str) -> tiles.Reader:
    """Where a log's files are: a folder, or an address."""
    if is_address(place):
        return Web(place)
    if not Path(place).is_dir():
        raise CommandError(f"no such folder: {place}")
    return Folder(Path(place))


def is_address(place: str) -> bool:
    """Whether a place is on the web."""
    return place.startswith(("http://", "https://"))


def keep(path: Path, data: bytes) -> None:
    """Write a new file; an older one is not overwritten."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}", returncode=2) from error


def printable(text: str) -> str:
    """Escape what a terminal would not show as it is; what outsiders wrote commands nothing."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
