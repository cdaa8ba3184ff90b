"""How an operator could cheat with the issues of a long-term prescription."""

from datetime import timedelta
from typing import Any

from hospital import signing
from hospital.units import stamp
from tests.ledger.cheating import TO_AUTHORIZE, Cheat, move
from tests.ledger.lawful import END, NOON, Book

DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
LAST = 84 * DAY + signing.FRESH
PLACE: dict[str, Any] = {
    "series": "5e" * 16,
    "issue": 2,
    "issues": 4,
    "opens_at": stamp(NOON + timedelta(hours=1)),
}


def placed(**changes: Any) -> Cheat:
    """Issued as the second of four, with these changes."""
    return move("issue", at=NOON, says={**PLACE, **changes})


def until(opens: timedelta, ends: timedelta) -> dict[str, Any]:
    return {"opens_at": stamp(NOON + opens), "valid_until": stamp(NOON + ends)}


def fetched(late: timedelta) -> Cheat:
    """Authorized so long after the issue opened."""
    opens_at = NOON + timedelta(hours=1)

    def write(book: Book) -> None:
        book.move("issue", says=PLACE)
        book.move("approve")
        book.move("authorize", at=opens_at + late)

    return write


LAWFUL: dict[str, Cheat] = {
    "the second of four": placed(),
    "the last of four": placed(issue=4),
    "open for four weeks": placed(**until(DAY, 29 * DAY)),
    "ends after twelve weeks": placed(**until(57 * DAY, LAST)),
    "fetched when it opens": fetched(timedelta(0)),
    "alone": move("authorize", *TO_AUTHORIZE),
}
CHEATS: dict[str, tuple[str, Cheat]] = {
    **{
        f"an issue that does not say its {name}": ("wrong_series", placed(**{name: None}))
        for name in PLACE
    },
    "the fifth of four": ("wrong_series", placed(issue=5)),
    "one of five": ("wrong_series", placed(issues=5)),
    "one of one": ("wrong_series", placed(issue=1, issues=1)),
    "an issue that never opens": ("wrong_window", placed(opens_at=stamp(END))),
    "open for longer than four weeks": (
        "wrong_window",
        placed(**until(DAY, 29 * DAY + MOMENT)),
    ),
    "ends later than twelve weeks": ("wrong_window", placed(**until(57 * DAY, LAST + MOMENT))),
    "fetched before it opens": ("too_early", fetched(-MOMENT)),
}
