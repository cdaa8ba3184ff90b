"""
Who a server runs as.

PostgreSQL refuses to run as root. For root it runs in a user namespace in which root is called
1000, so that the files stay root's and no account is needed. Where namespaces are forbidden
(many containers) it runs as ``nobody``, who then owns the data folder (``become``).
"""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.servers.folder import ServerProblem

NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
BECOME = (sys.executable, "-S", "-E", str(Path(__file__).with_name("become.py")))
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """``prefix`` goes before the command; ``uid`` is somebody else's, or -1 for our own."""

    prefix: tuple[str, ...] = ()
    uid: int = -1

    def run(
        self, *argv: str | Path, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a short program to its end; its output is text, its failure the caller's to see."""
        return subprocess.run(  # noqa: S603
            [*self.prefix, *argv],
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            env=env,
            cwd="/",
        )

    def give(self, folder: Path) -> None:
        """Make ``folder``, and what is in it, this identity's."""
        if self.uid >= 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.uid, follow_symlinks=False)


OURSELVES = Identity()


@functools.cache
def namespaces_work() -> bool:
    """Whether this machine lets us run a program in a user namespace of its own."""
    if os.environ.get("RX_NO_NAMESPACE") or not shutil.which(NAMESPACE[0]):
        return False
    return Identity(prefix=NAMESPACE).run("true").returncode == 0


def for_data(data: Path, program: Path) -> Identity:
    """
    Choose who runs ``program`` on the folder ``data``, which need not exist yet.

    An ordinary user is himself. Root runs as whoever owns the folder already.

    Raises:
        ServerProblem: root may not use namespaces, and the other user cannot reach the files.
    """
    if os.geteuid() != 0:
        return OURSELVES
    owner = data.stat().st_uid if data.exists() else 0
    if owner == 0 and namespaces_work():
        return Identity(prefix=NAMESPACE)
    uid = owner or NOBODY
    for way in ("plain", "entering"):
        other = Identity(prefix=(*BECOME, str(uid), way), uid=uid)
        trial = 'cd "$0" && exec "$1" --version'
        if not other.run("/bin/sh", "-c", trial, data.parent, program).returncode:
            return other
    raise ServerProblem(
        "PostgreSQL does not run as root, user namespaces are forbidden here, and user "
        f"{uid} cannot reach {data.parent} or {program}. Run as an ordinary user, or put this "
        "folder (or RX_HOME and RX_VENV) where that user may read."
    )
