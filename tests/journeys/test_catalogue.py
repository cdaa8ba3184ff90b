"""The catalogue: taken from a file, found by what doctors and pharmacists type."""

import io
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.sample import loader
from hospital.client import Problem
from prescriptions.catalogue import files, queries
from prescriptions.catalogue.actions import importing
from prescriptions.catalogue.models import Term
from prescriptions.models import Medicine

ROW = next(row for _, row in files.rows(loader.CATALOGUE))
LETTERS = str.maketrans("0123456789", "ghijklmnop")


@pytest.fixture
def tag(database):
    """Letters that begin the names of this test's medicines and nobody else's."""
    return uuid4().hex.translate(LETTERS)[:12]


@pytest.fixture
def take(tag):
    """Take medicines of these numbers, names, and cells that differ from the sample's."""

    def taking(*rows: tuple[int, str, dict[str, str]], strict: bool = False) -> importing.Report:
        known = enumerate(rows, 2)
        return importing.take(
            (
                (row, {**ROW, "code": _code(tag, number), "generic_name": tag + name, **cells})
                for row, (number, name, cells) in known
            ),
            strict=strict,
        )

    return taking


@pytest.fixture
def ask(world):
    def asking(**query: str) -> Any:
        return world.doctor.get("/api/medicines", **query)

    return asking


def _code(tag: str, number: int) -> str:
    return f"X{tag.upper()}{number:04}"


class TestImporting:
    def test_counts_what_is_new_changed_and_the_same(self, tag, take):
        first = take((1, "甲片", {}), (2, "乙片", {}))
        second = take((1, "甲片", {}), (2, "乙片", {"price_fen": "1"}))

        assert (first.new, first.changed, first.same) == (2, 0, 0)
        assert (second.new, second.changed, second.same) == (0, 1, 1)
        assert Medicine.objects.get(code=_code(tag, 2)).price_fen == 1

    def test_takes_the_good_rows_and_tells_the_bad(self, take):
        report = take((1, "甲片", {}), (2, "乙片", {"unit": ""}))

        assert report.new == 1
        assert [(one.row, one.column) for one in report.bad] == [(3, "unit")]

    def test_takes_nothing_of_a_bad_file_if_asked(self, tag, take):
        report = take((1, "甲片", {}), (2, "乙片", {"unit": ""}), strict=True)

        assert report.bad
        assert not Medicine.objects.filter(code=_code(tag, 1)).exists()

    def test_takes_the_first_of_two_rows_of_a_code(self, tag, take):
        report = take((1, "甲片", {}), (1, "乙片", {}))

        assert [(one.row, one.problem) for one in report.bad] == [(3, "twice")]
        assert Medicine.objects.get(code=_code(tag, 1)).generic_name == f"{tag}甲片"

    def test_a_name_that_nothing_bears_any_more_is_not_found(self, tag, take):
        take((1, "旧名片", {}), (2, "旧名片", {}))
        take((1, "新名片", {}))
        assert Term.objects.filter(generic_name=f"{tag}旧名片").exists()

        take((2, "新名片", {}))

        names = Term.objects.filter(generic_name__startswith=tag)
        assert set(names.values_list("generic_name", flat=True)) == {f"{tag}新名片"}

    def test_the_command_says_what_it_did_and_writes_the_report(self, tag, tmp_path):
        told, path, columns = io.StringIO(), tmp_path / "catalogue.csv", list(ROW)
        rows = [{**ROW, "code": _code(tag, 1)}, {**ROW, "code": _code(tag, 2), "unit": ""}]
        lines = [columns, *([row[name] for name in columns] for row in rows)]
        path.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")

        with pytest.raises(CommandError, match="Mend the bad rows"):
            call_command("medicines", path, report=tmp_path / "bad.csv", stdout=told, stderr=told)

        assert "1 new, 0 changed, 0 as before, 1 bad rows" in told.getvalue()
        report = (tmp_path / "bad.csv").read_text(encoding="utf-8-sig")
        assert report.splitlines()[1:] == ["3,unit,missing,"]

    def test_the_command_refuses_what_is_not_there(self, tmp_path):
        with pytest.raises(CommandError, match="No such file"):
            call_command("medicines", tmp_path / "missing.csv")


class TestFinding:
    @pytest.mark.parametrize("typed", ["阿莫西林", "amoxilin", "AMXL", "amxljn"])
    def test_finds_by_characters_pinyin_and_initials(self, tag, take, ask, typed):
        take((1, "阿莫西林胶囊", {}), (2, "青霉素V钾片", {}))

        assert [one["code"] for one in ask(q=tag + typed)["medicines"]] == [_code(tag, 1)]

    def test_finds_by_approval_number(self, tag, take, ask):
        number = f"国药准字H{uuid4().int % 10**8:08}"
        take((1, "阿莫西林胶囊", {"approval_number": number}))

        assert _code(tag, 1) in {one["code"] for one in ask(q=number, size="50")["medicines"]}

    def test_names_that_begin_so_come_first(self, tag, take, ask):
        take((1, "", {"generic_name": f"丁{tag}片"}), (2, "片", {}), (3, "栓", {}))

        *first, last = [one["code"] for one in ask(q=tag)["medicines"]]

        assert set(first) == {_code(tag, 2), _code(tag, 3)}
        assert last == _code(tag, 1)

    @pytest.mark.parametrize("by", ["name", "code"])
    def test_pages_show_each_once(self, tag, take, ask, by):
        names = ["甲片", "乙片", "丙片", "片剂"]
        take(*((number, names[number % 4], {}) for number in range(23)))
        typed = tag if by == "name" else f"X{tag.upper()}"
        cursor: dict[str, str] = {}
        pages: list[list[str]] = []
        while not pages or cursor:
            assert len(pages) < 6, "a cursor that leads nowhere"
            page = ask(q=typed, size="5", **cursor)
            pages.append([one["code"] for one in page["medicines"]])
            cursor = {"cursor": page["next"]} if page["next"] else {}

        assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
        assert {code for page in pages for code in page} == {_code(tag, n) for n in range(23)}

    @pytest.mark.parametrize("cursor", ["x", "W10=", "WzIsICJhIiwgImIiXQ==", "é", "//8="])
    def test_a_foreign_cursor_is_refused(self, ask, cursor):
        with pytest.raises(Problem) as refused:
            ask(q="a", cursor=cursor)

        assert refused.value.code == "medicines.bad_cursor"

    def test_costs_two_queries_whatever_there_is(self, tag, take):
        def cost() -> int:
            with CaptureQueriesContext(connection) as asked:
                queries.found(tag, after=None, size=20)
            return len(asked)

        take((0, "片", {}))
        before = cost()
        take(*((number, f"阿{number}片", {}) for number in range(1, 300)))

        assert before == cost() == 2

    def test_what_is_no_letter_finds_nothing(self, ask):
        assert ask(q="%")["medicines"] == ask(q="_")["medicines"] == []
