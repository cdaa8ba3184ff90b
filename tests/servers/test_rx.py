"""The launcher, with empty lock files and a ``manage.py`` that says how it was called."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.home import BASE

MANAGE = "import json, sys\nprint(json.dumps([sys.prefix, *sys.argv[1:]]))\n"
pytestmark = pytest.mark.slow


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that holds just what the launcher looks at."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    shutil.copy(BASE / "rx", folder)
    (folder / "manage.py").write_text(MANAGE)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (folder / lock).write_text("# nothing\n")
    return folder


def rx(clone: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher from some other folder."""
    return subprocess.run(
        [sys.executable, clone / "rx", *arguments],
        cwd="/",
        env={**{k: v for k, v in os.environ.items() if k != "RX_VENV"}, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_installs_once_and_passes_the_arguments_on(clone):
    first, second = rx(clone, "demo", "--fast"), rx(clone, "test", "-k", "a b")
    third = rx(clone, "demo")

    assert first.stdout == f'["{clone / ".venv"}", "demo", "--fast"]\n'
    assert "Installing requirements.lock" in first.stderr
    assert second.stdout == f'["{clone / ".venv"}", "run_tests", "-k", "a b"]\n'
    assert "Installing requirements-dev.lock" in second.stderr
    assert (third.returncode, third.stderr) == (0, "")


def test_installs_again_when_the_lock_has_changed(clone):
    rx(clone, "demo")
    (clone / "requirements.lock").write_text("# nothing new\n")
    assert "Installing" in rx(clone, "demo").stderr
    assert rx(clone, "demo").stderr == ""


def test_repairs_an_interrupted_installation(clone):
    rx(clone, "demo")
    (clone / ".venv" / "rx-unfinished").touch()
    shutil.rmtree(clone / ".venv" / "lib")
    again = rx(clone, "demo")
    assert "Making the environment" in again.stderr
    assert again.returncode == 0
    assert rx(clone, "demo").stderr == ""


def test_keeps_an_environment_that_somebody_else_has_made(clone):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True)
    (clone / ".venv" / "theirs").touch()
    assert rx(clone, "demo").returncode == 0
    assert (clone / ".venv" / "theirs").exists()


def test_the_environment_can_lie_elsewhere(clone, tmp_path):
    moved = tmp_path / "not yet" / "there"
    assert str(moved) in rx(clone, "up", RX_VENV=str(moved)).stdout
    assert not (clone / ".venv").exists()


def test_two_at_once_install_once(clone):
    command = [sys.executable, clone / "rx", "demo"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert "".join(said).count("Installing") == 1


def test_says_which_lock_failed_and_what_to_do(clone):
    (clone / "requirements.lock").write_text("rx-has-no-such-package==1 --hash=sha256:00\n")
    failed = rx(clone, "demo", PIP_NO_INDEX="1", UV_OFFLINE="1", UV_NO_INDEX="1")
    assert failed.returncode == 1
    assert "requirements.lock" in failed.stderr
    assert "run the same command again" in failed.stderr
    assert "Traceback" not in failed.stderr
    (clone / "requirements.lock").write_text("# nothing\n")
    assert rx(clone, "demo").returncode == 0


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("dance",), 2), (("--help",), 0)])
def test_lists_its_commands_and_installs_nothing(clone, arguments, code):
    said = rx(clone, *arguments)
    assert said.returncode == code
    for verb in ("demo", "up", "test", "check", "bench", "verify", "ledger"):
        assert f"\n  {verb} " in said.stderr
    assert not (clone / ".venv").exists()


def test_stays_short_and_needs_the_standard_library_only():
    source = (BASE / "rx").read_text().splitlines()
    imported = [line.split()[1] for line in source if line.startswith(("import ", "from "))]
    assert len(source) <= 150
    assert set(imported) <= sys.stdlib_module_names | {"__future__"}


def test_an_old_python_is_told_so(clone):
    old = next((p for v in range(7, 11) if (p := shutil.which(f"python3.{v}"))), None)
    if old is None or subprocess.run([old, "-V"], capture_output=True, check=False).returncode:
        pytest.skip("no Python older than 3.11 on PATH")
    said = subprocess.run(
        [old, clone / "rx", "demo"], env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert "needs Python 3.11 or newer" in said.stderr
