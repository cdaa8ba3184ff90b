"""
Who looks at faces: one provider for the whole deployment, WeChat unless the settings say otherwise.

Which provider a check was begun with is stored nowhere. A check lives a quarter of an hour, and
after a change of the setting the new provider is asked about the old one's token, which it does not
know: an open check does not pass, and its patient begins another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings

from hospital.gateways import tencent_face, wechat_face
from hospital.gateways.wechat_face import FaceChecks

_PROVIDERS: Final[dict[str, tuple[Callable[[], FaceChecks], str]]] = {
    "wechat": (wechat_face.client, "verifyId"),
    "tencent": (tencent_face.client, "bizToken"),
}


def client() -> FaceChecks:
    """The client of the setting FACE_PROVIDER."""
    return _PROVIDERS[settings.FACE_PROVIDER][0]()


def for_the_phone(token: str) -> dict[str, str]:
    """What the phone opens the camera with; the name says with which call."""
    return {_PROVIDERS[settings.FACE_PROVIDER][1]: token}
