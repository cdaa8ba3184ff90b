"""
Become another program, and have it end when our parent does.

    python -S -E leash.py <parent's process number> <program> <arguments> …

Linux sends a process the signal it has asked for when its parent dies, even by ``kill -9``. A
program of its own asks, because asking between ``fork`` and ``exec`` of a threaded parent is not
safe. It stands alone on purpose: it starts in a few milliseconds.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for SIGTERM at the parent's death, unless it is dead already; become the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == int(sys.argv[1]):
        os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606


if __name__ == "__main__":
    main()
