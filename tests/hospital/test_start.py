"""The server refuses to start without its secrets, and has none by default."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import timezone

from config.home import BASE
from hospital import sealing


def started(keys: Path, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    return subprocess.run(
        [sys.executable, "-c", "import config.wsgi"],
        cwd=BASE,
        env={**clean, "RX_KEYS": str(keys), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_refuses_to_start_without_keys(tmp_path: Path):
    """P4: no key file, no server; nothing falls back to plain text."""
    refused = started(tmp_path)

    assert refused.returncode != 0
    assert "no usable sealing.keys" in refused.stderr


def test_refuses_to_start_in_production_without_a_secret(tmp_path: Path):
    """G1: production has no default secret and no debugging."""
    refused = started(tmp_path, RX_ENV="production")

    assert refused.returncode != 0
    assert "SECRET_KEY" in refused.stderr


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({"FACE_PROVIDER": "nobody"}, "neither wechat nor tencent"),
        ({"FACE_PROVIDER": "tencent", "FACEID_RULE_ID": "1"}, "needs TENCENTCLOUD_"),
    ],
)
def test_refuses_to_start_with_nobody_to_look_at_faces(tmp_path: Path, env: dict[str, str], why):
    refused = started(tmp_path, **env)

    assert refused.returncode != 0
    assert why in refused.stderr


def test_refuses_to_start_with_half_a_courier_company(tmp_path: Path):
    refused = started(tmp_path, COURIER_BASE="https://courier.example")

    assert refused.returncode != 0
    assert "COURIER_*" in refused.stderr


def test_another_key_opens_nothing(tmp_path: Path):
    """P4: what was sealed under a key that is gone does not open, and is not returned as it is."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        with override_settings(KEY_FOLDER=tmp_path / name):
            sealing.make_keys(at=timezone.now())
    with override_settings(KEY_FOLDER=tmp_path / "one"):
        sealed = sealing.seal("处方".encode(), "record/1")
        assert sealing.unseal(sealed, "record/1").decode() == "处方"

    with override_settings(KEY_FOLDER=tmp_path / "other"), pytest.raises(sealing.DoesNotOpen):
        sealing.unseal(sealed, "record/1")


def test_no_two_seals_share_a_nonce(tmp_path: Path):
    """P5: 20 000 seals of one text under one key, 20 000 nonces."""
    with override_settings(KEY_FOLDER=tmp_path):
        sealing.make_keys(at=timezone.now())
        nonces = {sealing.seal(b"x", "record/1")[5:29] for _ in range(20_000)}

    assert len(nonces) == 20_000
