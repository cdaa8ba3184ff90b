"""Tables by ATC code: the rows about a medicine, without going through the table each time."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol, TypeVar


class ByAtc(Protocol):
    """A row about a substance, or about a group if ``atc`` has fewer than seven characters."""

    @property
    def atc(self) -> str: ...


Row = TypeVar("Row", bound=ByAtc)


def indexed(rows: Sequence[Row]) -> Callable[[str], tuple[Row, ...]]:
    """
    The function from a medicine's ATC code to the rows about it, in their order.

    It remembers what it has found: codes come from the catalogue, so there are some thousand.
    """

    @cache
    def rows_about(atc: str) -> tuple[Row, ...]:
        return tuple(row for row in rows if atc.startswith(row.atc))

    return rows_about
