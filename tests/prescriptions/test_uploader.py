"""The uploading program brings again what was outdated before it was signed, and not for ever."""

from collections.abc import Callable
from typing import Any

from prescriptions import uploader

STALE = {"refused": {"code": "statement.stale"}}


class Server:
    """Answers as the API does; ``outdated`` lines are stale so many times."""

    key_name = "hospital/system/k"

    def __init__(self, outdated: dict[str, int]) -> None:
        self.outdated = outdated
        self.brought: list[list[str]] = []

    def sign(self, text: str) -> str:
        return text

    def write(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/api/uploads":
            self.brought.append(body["lines"])
            return {"results": [{"statement": line} for line in body["lines"]]}
        return {"results": [self._taken(note) for note in body["notes"]]}

    def _taken(self, line: str) -> dict[str, Any]:
        if self.outdated.get(line, 0):
            self.outdated[line] -= 1
            return STALE
        return {"status": "issued"}


def uploaded(server: Any) -> uploader.Report:
    lines = [uploader.Line(number, name) for number, name in enumerate("abc", 1)]
    silent: Callable[[int], None] = lambda done: None  # noqa: E731
    return uploader.upload(server, lines, silent)


def test_what_a_turn_of_the_logs_outdated_is_brought_again():
    """F3"""
    server = Server({"b": 1, "c": 2})
    report = uploaded(server)
    assert server.brought == [["a", "b", "c"], ["b", "c"], ["c"]]
    assert (report.became, report.refused) == ({"issued": 3}, [])


def test_what_stays_outdated_is_told():
    server = Server({"b": 9})
    report = uploaded(server)
    assert len(server.brought) == 3
    assert [(one.number, one.code) for one in report.refused] == [(2, "statement.stale")]
    assert report.lines == 3
