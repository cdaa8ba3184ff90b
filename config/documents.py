"""
Documents that state what the code does are made from the code; ``manage.py docs --check`` compares.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import errors as table
from config import law as validators_law
from config import outcomes
from config.home import BASE
from hospital import errors
from hospital.consultations import lifecycle as consultations
from hospital.roles import Role
from prescriptions import lifecycle, rules

DOCS = BASE / "docs"
APPS = ("ledger", "hospital", "prescriptions", "pharmacy", "insurance")
MADE = "*Made by `manage.py docs` from the code; do not edit.*"
FAULTS = re.compile(r"\b([RITZKLFDCPG]\d{1,2})\b")

ALL_FAULTS = {
    "R": 15, "I": 19, "T": 11, "Z": 11, "K": 9, "L": 17, "F": 14, "D": 8, "C": 5, "P": 6, "G": 4,
}  # fmt: skip


def documents() -> dict[Path, str]:
    """Path → text of every generated document."""
    return {
        DOCS / "errors.md": refusals(),
        DOCS / "prescription-states.md": states(),
        DOCS / "consultation-states.md": consultation_states(),
        DOCS / "cancelling.md": outcomes.document(MADE),
        DOCS / "rules.md": law(),
        DOCS / "faults.md": faults(),
        DOCS / "law.json": validators_law.document().decode(),
        DOCS / "law.md": law_of_the_log(),
    }


def refusals() -> str:
    """Every stable code, its HTTP status and its sentence."""
    _import_all()
    rows = []
    for refusal in errors.every_refusal():
        status = next(number for kind, number in table.STATUS.items() if issubclass(refusal, kind))
        rows.append((refusal.code, status, refusal.sentence()))
    rows += [(code, status, title) for status, (code, title) in table.OF_HTTP.items()]
    rows.append(("server.contended", 409, table.CONTENDED))
    lines = [f"| `{code}` | {status} | {title} |" for code, status, title in sorted(set(rows))]
    return "\n".join(
        [
            "# Error codes",
            "",
            MADE,
            "",
            (
                "Every refusal is `application/problem+json` (RFC 9457) with `status`, `code`,"
                " `title` and facts. Codes are stable; titles may be reworded."
            ),
            "",
            "| code | HTTP | meaning |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


def states() -> str:
    """The table of moves and its diagram."""
    rows = [
        Row(
            move.name,
            [source.value for source in move.sources],
            {source.value: move.leads_to(source) for source in move.sources},
            _roles(move.by),
            move.kind,
            "before `valid_until`" if move.in_time else "any time",
        )
        for move in lifecycle.MOVES
    ]
    return _states("# The states of a prescription", "draft", rows)


def consultation_states() -> str:
    """The table of moves of a consultation and its diagram."""
    rows = [
        Row(
            move.name,
            [move.source.value],
            {move.source.value: move.target.value},
            move.by.value,
            move.kind,
            f"before `{move.until}`" if move.in_order else f"from `{move.until}` on",
        )
        for move in consultations.MOVES
    ]
    return _states("# The states of a consultation", "draft", rows)


@dataclass(frozen=True, slots=True)
class Row:
    """A move as it is drawn: ``leads`` maps each source to its target."""

    name: str
    sources: list[str]
    leads: dict[str, str]
    by: str
    kind: str
    lawful: str

    @property
    def target(self) -> str:
        targets = set(self.leads.values())
        return targets.pop() if len(targets) == 1 else "the same"


def _states(title: str, start: str, moves: list[Row]) -> str:
    drawn = [
        f"    {source} --> {target}: {move.name} ({move.by})"
        for move in moves
        for source, target in move.leads.items()
    ]
    rows = [
        f"| {move.name} | {', '.join(move.sources)} | {move.target} | {move.by} | `{move.kind}` |"
        f" {move.lawful} |"
        for move in moves
    ]
    return "\n".join(
        [
            title,
            "",
            MADE,
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {start}",
            *drawn,
            "```",
            "",
            "| move | from | to | signed by | entry | lawful |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def law() -> str:
    """The rules of prescribing, with their articles."""
    rows = [
        f"| `{rule.id}` | {rule.severity.value} | {rule.instrument} | {rule.cited()} |"
        f" {(rule.faults.__doc__ or '').strip().splitlines()[0]} |"
        for rule in rules.RULES
    ]
    return "\n".join(
        [
            "# The rules of prescribing",
            "",
            MADE,
            "",
            (
                f"Version `{rules.VERSION}`; it stands in every `prescription.issue` entry."
                " *unconfirmed*: the content is believed right, the number is from memory."
            ),
            "",
            "| rule | severity | instrument | article | forbids or warns of |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def law_of_the_log() -> str:
    """What validators enforce, family by family, move by move."""
    content = validators_law.content()
    intro = _LAW.format(digest=validators_law.digest(), made=MADE, **content["times"])
    parts = intro.splitlines()
    for name, family in content["families"].items():
        parts += ["", f"## `{name}`", "", *_of_family(family)]
    return "\n".join([*parts, ""])


_LAW = """# The law of the log

{made}

`law.json` beside this file is the same law as data. Each organisation's validator obeys it, and the
log names it by its SHA-256:

    {digest}

How to read the data: `ledger/law.py`, `ledger/lawterms.py`. An entry that breaks a rule is refused
by the rule's code, `law.…`. Facts that are unknown, missing or of another type break `law.facts`;
who else signs breaks `law.wrong_role` or `law.signatures`; another state, `law.wrong_state`.
Versions, hashes and signatures are judged before the law: `ledger/replay.py`.

Clocks may differ by {skew_s} s. Refused is an entry dated more than that before its subject's
previous one (`law.back_dated`) or before its key was registered (`law.before_key`), or more than
{late_s} s before any entry that precedes it (`law.back_dated`).
"""
_TAKING = (
    {"rule": "nothing_owed", "words": "each of `claims` still owes the payer's share"},
    {"rule": "wrong_amount", "words": "in all they owe the total"},
)


def _of_family(family: dict[str, Any]) -> list[str]:
    lines = []
    if family["constant"]:
        lines += [f"Never changes: {', '.join(family['constant'])}.", ""]
    for name, move in family["moves"].items():
        signers = " and ".join(" or ".join(roles) for roles in move["signers"])
        head = f"**{name}** (`{move['kind']}`): from {', '.join(move['from'])} to {move['to']},"
        lines += [f"{head} signed by {signers}; states {_facts(move['facts'])}.", ""]
        conditions = list(move["conditions"])
        if taking := move.get("takes"):
            conditions += [*_TAKING, *taking["conditions"]]
        rules = [f"* {one['words']} (`law.{one['rule']}`)" for one in conditions]
        if rests := move.get("rests"):
            families = " or ".join(f"`{name}/…`" for name in rests["families"])
            rules += [
                f"* if `{rests['on']}` is {families}: {one['words']} (`law.{one['rule']}`)"
                for one in rests["conditions"]
            ]
        lines += [*rules, ""] if rules else []
    return lines[:-1]


def _facts(facts: dict[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in facts) or "nothing more"


def faults() -> str:
    """Which test covers which fault of the list, and which faults are still open."""
    covered = _covered()
    rows, still_open = [], []
    for letter, count in ALL_FAULTS.items():
        for number in range(1, count + 1):
            name = f"{letter}{number}"
            tests = covered.get(name)
            if tests:
                rows.append(f"| {name} | {'<br>'.join(f'`{test}`' for test in sorted(tests))} |")
            else:
                still_open.append(name)
    return "\n".join(
        [
            "# Faults and attacks, and the tests that cover them",
            "",
            MADE,
            "",
            (
                f"Covered: {len(rows)} of {sum(ALL_FAULTS.values())}. A test names its fault at the"
                " beginning of its docstring."
            ),
            "",
            "| fault | tests |",
            "|---|---|",
            *rows,
            "",
            f"Open: {', '.join(still_open) or 'none'}.",
            "",
        ]
    )


def _covered() -> dict[str, set[str]]:
    """Fault → tests whose docstring, or whose class's or module's, begins with its id."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((BASE / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            told = (ast.get_docstring(node) or "").partition(":")[0].strip()
            if re.fullmatch(r"[A-Z0-9, ]+", told):
                for name in FAULTS.findall(told):
                    found[name].add(f"{path.relative_to(BASE)}::{node.name}")
    return found


def _roles(by: Iterable[Role]) -> str:
    return ", ".join(role.value for role in by)


def _import_all() -> None:
    """Import every module of our apps, so that every refusal is known."""
    for app in APPS:
        package = importlib.import_module(app)
        for module in pkgutil.walk_packages(package.__path__, f"{app}."):
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
