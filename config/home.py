"""
Where this installation keeps its state, and the addresses of its embedded servers.

``RX_HOME`` (default ``.rx`` beside ``manage.py``) decides everything, so that two homes never
meet. Unix sockets lie in a short folder of their own: ``sun_path`` holds 107 bytes, and a home
may be deeper than that.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

BASE = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("RX_HOME") or BASE / ".rx").resolve()
KEYS = Path(os.environ.get("RX_KEYS") or HOME / "keys")
LOG = Path(os.environ.get("RX_LOG") or HOME / "log")

DATABASE = "rx"
DATABASE_USER = "rx"


def socket_folder(home: Path = HOME) -> Path:
    """The folder of the embedded servers' sockets: one per user and home, mode 0700."""
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"rx-{os.getuid()}-{digest}"


def database_url() -> str:
    """``DATABASE_URL``, or the embedded PostgreSQL's socket."""
    folder = quote(str(socket_folder()), safe="")
    return os.environ.get("DATABASE_URL") or f"postgresql://{DATABASE_USER}@{folder}/{DATABASE}"


def redis_url() -> str:
    """``REDIS_URL``, or the embedded Valkey's socket."""
    return os.environ.get("REDIS_URL") or f"unix://{socket_folder()}/valkey.sock"


def broker_url() -> str:
    """The same server in the spelling that Celery's transport wants for a socket."""
    return redis_url().replace("unix://", "redis+socket://", 1)
