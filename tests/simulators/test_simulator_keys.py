"""Both sides get keys that fit, once; and nobody's real keys are touched."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.simulators import environment, keys, signing
from insurance.gateways.wechat_pay_core import Keys


def contents(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in folder.iterdir()}


def test_making_them_again_changes_nothing(tmp_path):
    sides = tmp_path / "merchant", tmp_path / "simulator"
    keys.make(*sides)
    made = contents(*sides)

    keys.make(*sides)

    assert contents(*sides) == made


def test_a_lost_public_half_is_made_again(tmp_path):
    sides = tmp_path / "merchant", tmp_path / "simulator"
    keys.make(*sides)
    made = contents(*sides)
    (sides[0] / "wechatpay_public.pem").unlink()

    keys.make(*sides)

    assert contents(*sides) == made


def test_neither_side_holds_the_private_key_of_the_other(tmp_path):
    merchant, simulator = tmp_path / "merchant", tmp_path / "simulator"
    keys.make(merchant, simulator)

    private = [path for path, text in contents(merchant, simulator).items() if b"PRIVATE" in text]

    assert sorted(private) == [
        str(merchant / "merchant.key"),
        str(simulator / "platform_private.pem"),
        str(simulator / "wechatpay_private.pem"),
    ]


def test_only_the_owner_reads_them(tmp_path):
    keys.make(tmp_path / "merchant", tmp_path / "simulator")

    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_both_sides_can_read_their_folder(tmp_path):
    keys.make(tmp_path / "merchant", tmp_path / "simulator")

    merchant = Keys.read(tmp_path / "merchant")
    signer = signing.Signer.read(tmp_path / "simulator")

    assert merchant.merchant_serial == signer.merchant_serial
    assert merchant.wechatpay_public_id == signer.public_id
    assert merchant.apiv3_key.encode() == signer.apiv3
    assert signer.merchant.key_size == signer.private.key_size == 2048
    assert "PRIVATE" not in repr(merchant)
    assert merchant.apiv3_key not in repr(merchant)


def test_two_processes_at_once_agree(tmp_path):
    sides = tmp_path / "merchant", tmp_path / "simulator"

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(keys.make, *sides) for _ in range(4)]:
            done.result()

    keys.make(*sides)


def test_the_real_wechat_pays_key_is_not_overwritten(tmp_path):
    merchant, simulator = tmp_path / "merchant", tmp_path / "simulator"
    merchant.mkdir()
    (merchant / "wechatpay_public_id").write_text("PUB_KEY_ID_REAL")

    with pytest.raises(keys.KeysOfAnother):
        keys.make(merchant, simulator)

    assert (merchant / "wechatpay_public_id").read_text() == "PUB_KEY_ID_REAL"


def test_the_environment_is_what_the_settings_and_the_simulator_read(tmp_path):
    made = environment.environment("http://127.0.0.1:1", "http://127.0.0.1:2", tmp_path)

    assert made["WECHAT_NOTIFY_URL"] == "http://127.0.0.1:2/api/payments/notice"
    assert made["COURIER_NOTIFY_URL"] == "http://127.0.0.1:2/api/parcels/news"
    assert environment.Merchant.read(made) == environment.Merchant.read({})
    settings = Path(environment.__file__).parents[1].joinpath("settings.py").read_text()
    for name in made.keys() - {"WECHAT_SIMULATOR_KEYS", "COURIER_NOTIFY_URL"}:
        assert f'"{name}"' in settings
