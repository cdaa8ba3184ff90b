"""Disks of any size or kind: small ones of our own, in a mount namespace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import home as places


def on_a_small_disk(options: str, program: str, mount: Path, **env: str) -> str:
    """Run a Python program with a disk of its own at ``mount``; what it prints."""
    if not shutil.which("unshare"):
        pytest.skip("no disk to fill: this machine has no unshare")
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = f'mount -t tmpfs -o {options} tmpfs "$1" && exec "$2" -c "$3" "$1/home"'
    if "ro" in options.split(","):
        script = script.replace(options, "size=9m").replace(
            "exec", 'mkdir "$1/home" && mount -o remount,bind,ro "$1" && exec'
        )
    ran = subprocess.run(
        ["unshare", "--mount", *as_root, "sh", "-c", script, "sh", mount, sys.executable, program],
        cwd=places.BASE,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode and "Traceback" not in ran.stderr:
        pytest.skip(f"no disk to fill: this machine refuses to mount one ({ran.stderr.strip()})")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
