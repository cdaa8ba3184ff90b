"""How a pharmacy could cheat with what it says it gave out while it had no network."""

from datetime import timedelta
from typing import Any

from hospital.units import stamp
from tests.ledger.cheating import TO_DISPENSE, Cheat, move
from tests.ledger.lawful import COLLECTED, NOON

DAY = timedelta(days=1)


def before(ago: timedelta, *beyond: str) -> dict[str, Any]:
    """What an entry says of what was given out so long ago."""
    return {"offline": {"beyond": list(beyond), "given_at": stamp(NOON - ago), "slip": "5e" * 32}}


def given(ago: timedelta, *beyond: str) -> Cheat:
    return move("dispense", *TO_DISPENSE, says=before(ago, *beyond))


def colliding(*after: str, **says: Any) -> Cheat:
    return move("collide", *TO_DISPENSE, *after, says=says)


LAWFUL: dict[str, Cheat] = {
    "given out offline in the morning": given(timedelta(hours=3)),
    "given out the day before yesterday, and said so": given(2 * DAY, "late"),
    "dearer than the limit": given(timedelta(hours=3), "amount"),
    "collides with what was taken back": colliding("withdraw", reason="taken_back"),
    "collides with what was given out": colliding("dispense"),
    "collides with what is claimed": move("collide", *COLLECTED),
    "collides with another pharmacy's": move(
        "collide", *COLLECTED[:3], "withdraw", *COLLECTED[2:5]
    ),
    "collides twice": colliding("collide"),
    "dispensed after a collision": move("dispense", *TO_DISPENSE, "collide"),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    "given out offline tomorrow": ("given_later", given(-DAY)),
    "given out the day before yesterday, unsaid": ("late", given(2 * DAY)),
    "given out the day before yesterday, called dear": ("late", given(2 * DAY, "amount")),
    "a collision of another pharmacy's": (
        "wrong_pharmacy",
        move("collide", *TO_DISPENSE, by="pharmacist2"),
    ),
    "a collision where it was never authorized": (
        "wrong_pharmacy",
        move("collide", *TO_DISPENSE, by="pharmacist2", says={"pharmacy": "pharmacy2"}),
    ),
    "a collision before anything was authorized": (
        "wrong_pharmacy",
        move("collide", *COLLECTED[:2]),
    ),
    "a collision tomorrow": ("given_later", colliding(given_at=stamp(NOON + DAY))),
    "a collision for no reason": ("facts", colliding(reason="")),
    "a collision for a reason that is none": ("wrong_reason", colliding(reason="misplaced")),
    "a patient's collision": ("wrong_role", move("collide", *TO_DISPENSE, by="patient")),
}
