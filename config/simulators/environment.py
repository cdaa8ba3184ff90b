"""The environment that makes web and worker talk to the simulator, not to those whom it plays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.simulators import courier

DEMO: Mapping[str, str] = {
    "WECHAT_APPID": "wx0000000000000demo",
    "WECHAT_SECRET": "only-the-simulator-accepts-this",
    "WECHAT_MCHID": "1900000001",
    "WECHAT_TEMPLATE_PRESCRIPTION": "demo-template-prescription",
    "WECHAT_TEMPLATE_PARCEL": "demo-template-parcel",
    "WECHAT_TEMPLATE_SECURITY": "demo-template-security",
}
CLOUD: Mapping[str, str] = {
    "TENCENTCLOUD_SECRET_ID": "AKIDonlyTheSimulatorKnowsThis",
    "TENCENTCLOUD_SECRET_KEY": "only-the-simulator-signs-with-this",
    "FACEID_RULE_ID": "1",
}


@dataclass(frozen=True, slots=True)
class Merchant:
    """The mini program and the merchant that this simulator knows: one of each."""

    appid: str
    secret: str = field(repr=False)
    mchid: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Merchant":
        """From the variables that the settings read, or ``DEMO``."""
        known = {**DEMO, **{name: environ[name] for name in DEMO if environ.get(name)}}
        return cls(known["WECHAT_APPID"], known["WECHAT_SECRET"], known["WECHAT_MCHID"])


@dataclass(frozen=True, slots=True)
class Cloud:
    """The one customer of Tencent Cloud that this simulator knows, and the customer's one flow."""

    secret_id: str
    secret_key: str = field(repr=False)
    rule_id: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Cloud":
        """From the variables that the settings read, or ``CLOUD``."""
        return cls(*(environ.get(name) or ours for name, ours in CLOUD.items()))


def environment(simulator_url: str, web_url: str, home: Path) -> dict[str, str]:
    """Every variable that the web, the worker and the simulator need to meet."""
    return {
        **DEMO,
        **CLOUD,
        **courier.DEMO,
        "COURIER_BASE": simulator_url,
        "COURIER_NOTIFY_URL": f"{web_url}/api/parcels/news",
        "TENCENTCLOUD_FACEID_BASE": simulator_url,
        "WECHAT_API_BASE": simulator_url,
        "WECHAT_PAY_BASE": simulator_url,
        "WECHAT_NOTIFY_URL": f"{web_url}/api/payments/notice",
        "WECHAT_KEYS": str(home / "keys" / "wechat"),
        "WECHAT_SIMULATOR_KEYS": str(home / "simulator"),
    }
