"""The cases of docs/who-pays-what.md, which were worked out by hand, agree to the fen."""

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from insurance.policies.reckon import Counts, Line, Used, reckon
from insurance.policies.terms import Medicine, Terms

PAGE = (Path(__file__).parents[2] / "docs/who-pays-what.md").read_text()
CASES = re.findall(r"^## (\d+\. .+?)\n+```json\n(.+?)```\n+(\|.+?)\n\n", PAGE, re.M | re.S)
TODAY = date(2026, 6, 1)


def table(text):
    head, _, *rows = ([cell.strip() for cell in row.split("|")[1:-1]] for row in text.split("\n"))
    return [dict(zip(head, row, strict=True)) for row in rows]


def counts(terms, row, said):
    since = TODAY - timedelta(days=said.get("insured_days", 10_000))
    if barred := terms.barred(since, TODAY, said.get("diagnoses", [])):
        return Counts(0, barred)
    return terms.counts(Medicine(row["class"], "X", row["ATC"]))


def test_there_are_twenty():
    assert [int(title.split(".")[0]) for title, _, _ in CASES] == list(range(1, 21))


@pytest.mark.parametrize(("title", "said", "rows"), CASES, ids=[one[0] for one in CASES])
def test_agrees_to_the_fen(title, said, rows):
    """C3"""
    said, rows = json.loads(said), table(rows)
    payers = {name: Terms.read(terms) for name, terms in said["payers"].items()}
    lines = [
        Line(
            row["line"],
            int(row["price"]),
            tuple(counts(terms, row, said) for terms in payers.values()),
        )
        for row in rows
    ]
    used = [Used(**said.get("used", {}).get(name, {})) for name in payers]

    found = reckon(lines, [terms.limits for terms in payers.values()], used)

    for row, split in zip(rows, found.lines, strict=True):
        by_hand = [int(row[name]) for name in (*payers, "patient")]
        assert [*(share.fen for share in split.shares), split.patient_fen] == by_hand, title
