"""
Become another user, then another program; only root can.

    python -S -E become.py <user number> plain|entering <program> <arguments> …

``entering`` keeps the one right to pass through folders that are closed to that user, because
root's own home is such a folder. It stands alone on purpose: it runs between two programs.
"""

import ctypes
import os
import sys
from pathlib import Path

DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2
VERSION_3 = 0x20080522


def main() -> None:
    """See above."""
    user, way, program = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    libc, right = ctypes.CDLL(None), _right() if way == "entering" else 0
    if right:
        libc.prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    if right:
        header = (ctypes.c_uint32 * 2)(VERSION_3, 0)
        mask = 1 << right
        libc.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask))
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, right, 0, 0)
    os.execvp(program[0], program)  # noqa: S606


def _right() -> int:
    """The smaller of the two rights that open folders, of those that we have."""
    lines = Path("/proc/self/status").read_text().splitlines()
    ours = next(int(line.split()[1], 16) for line in lines if line.startswith("CapPrm"))
    return next((right for right in (DAC_READ_SEARCH, DAC_OVERRIDE) if ours >> right & 1), 0)


if __name__ == "__main__":
    main()
