"""How an operator could cheat about a parcel that was brought in vain."""

from typing import Any

from tests.ledger.cheating import Cheat, move
from tests.ledger.lawful import COURIERED

ON_THE_WAY = COURIERED[:6]


def _on_the_way(name: str, *more: str, **then: Any) -> Cheat:
    return move(name, *ON_THE_WAY, *more, way="courier", **then)


CHEATS: dict[str, tuple[str, Cheat]] = {
    "failed by another courier": ("wrong_courier", _on_the_way("fail", by="courier2")),
    "failed twice and tried again": ("failed_before", _on_the_way("fail", "fail")),
    "to be tried again though refused": (
        "wrong_reason",
        _on_the_way("fail", says={"reason": "refused"}),
    ),
    "failed for a reason nobody knows": (
        "wrong_reason",
        _on_the_way("fail", says={"reason": "tired"}),
    ),
    "turned back by another courier": (
        "wrong_courier",
        _on_the_way("turn_back", "fail", by="courier2"),
    ),
    "turned back at the first time": ("wrong_reason", _on_the_way("turn_back")),
    "turned back for a reason nobody knows": (
        "wrong_reason",
        _on_the_way("turn_back", "fail", says={"reason": "tired"}),
    ),
    "taken back elsewhere": (
        "wrong_pharmacy",
        _on_the_way("take_back", "fail", "turn_back", by="pharmacist2"),
    ),
}
