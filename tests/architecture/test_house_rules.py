"""Rules of this house that no linter knows."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import config.urls  # noqa: F401  # every refusal is defined once everything is imported
from config.home import BASE
from hospital import batches, errors, http

APPS = ("ledger", "hospital", "prescriptions", "pharmacy", "insurance")
MAX_LINES, MAX_FUNCTION = 300, 60
FILES = sorted(
    path for app in APPS for path in (BASE / app).rglob("*.py") if "migrations" not in path.parts
)
TREES = {path: ast.parse(path.read_text()) for path in FILES}
TABLES_LONGER_BY_NATURE = {
    "prescriptions/national.py": 340,
    "prescriptions/rules/substances.py": 340,
}


def name_of(path: Path) -> str:
    return path.relative_to(BASE).as_posix()


def nodes(kind: Any) -> Iterator[tuple[str, Any]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield name_of(path), node


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_stay_short(path):
    most = TABLES_LONGER_BY_NATURE.get(name_of(path), MAX_LINES)
    assert len(path.read_text().splitlines()) <= most


def test_functions_stay_short():
    long = {
        f"{name}:{node.name}": node.end_lineno - node.lineno + 1
        for name, node in nodes(ast.FunctionDef)
        if node.end_lineno - node.lineno + 1 > MAX_FUNCTION
    }
    assert long == {}


def test_every_module_says_what_it_is_for():
    silent = [
        name_of(path)
        for path, tree in TREES.items()
        if path.read_text().strip()
        and path.name not in ("urls.py", "apps.py")
        and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_only_the_lifecycle_writes_the_status_of_a_prescription():
    """R8, R9: the one writer is the one place to check."""
    writers = set()
    for name, node in nodes(ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for one in ast.walk(target):
                if isinstance(one, ast.Attribute) and one.attr == "status":
                    writers.add(name)
    for name, node in nodes(ast.Call):
        called = getattr(node.func, "attr", "")
        names = {word.arg for word in node.keywords}
        if called in ("update", "bulk_update", "create", "update_or_create") and "status" in names:
            writers.add(name)
        if called == "setattr" or getattr(node.func, "id", "") == "setattr":
            writers.add(name)
    # an HTTP status, and of no prescription
    answers = {"hospital/idempotency.py", "ledger/witness/cosigning.py"}
    views = {"hospital/access.py", "hospital/client.py"}  # ``committed``; of an HTTP answer
    assert writers - answers - views == {"prescriptions/lifecycle.py"}


@pytest.mark.parametrize("app", ["hospital/consultations", "hospital/corrections"])
def test_only_the_lifecycle_writes_the_state_of_a_consultation_or_correction(app):
    """R8, R9: the same of the other tables."""
    writers = {
        name
        for name, node in nodes(ast.Assign | ast.AugAssign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for one in ast.walk(target)
        if isinstance(one, ast.Attribute) and one.attr == "state"
        if name.startswith(app)
    }
    writers |= {
        name
        for name, node in nodes(ast.Call)
        if getattr(node.func, "attr", "") in ("update", "bulk_update", "create")
        and "state" in {word.arg for word in node.keywords}
        and name.startswith(app)
    }
    assert writers == {f"{app}/lifecycle.py"}


def test_every_refusal_has_a_code_of_its_own_and_a_sentence():
    """G2: codes are what clients program against."""
    refusals = [one for one in errors.every_refusal() if one.__module__.split(".")[0] in APPS]
    codes = Counter(one.code for one in refusals)
    assert [code for code, times in codes.items() if times > 1] == []
    for one in refusals:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", one.code), one
        sentence = one.sentence()
        assert sentence.endswith((".", ";")) or "; " in sentence, one
        assert sentence[0].isupper(), one


def test_every_refusal_is_of_one_kind_that_http_knows():
    from config.errors import STATUS

    assert set(STATUS) == set(errors.KINDS)
    for one in errors.every_refusal():
        assert len([kind for kind in errors.KINDS if issubclass(one, kind)]) == 1, one


def test_every_command_and_statement_says_whose_it_is():
    """Z2: roles are declared, not inherited by silence, unless everybody may."""
    for_all = {"Keys", "KeysStatement", "Revocation", "RevocationStatement"}
    silent = {
        view.__name__
        for kind in (http.Command, http.Draw, batches.Batch)
        for view in kind.__subclasses__()
        if view is not batches.Batch
        and not any(
            "roles" in vars(parent) for parent in view.__mro__ if parent is not http.Endpoint
        )
    }
    assert silent == for_all


SIMULATORS = re.compile(r"config(\.|\s+import\s+)(simulators|demo|sample)|tests\.")


def test_no_app_knows_the_simulators_the_demo_or_the_tests():
    for path in FILES:
        assert not SIMULATORS.search(path.read_text()), name_of(path)


ALLOWED_TO_UNSEAL = {
    "hospital/access.py": "readers, after the committed entry",
    "insurance/actions/billing.py": "the patient's own command, for the shelf",
    "prescriptions/actions/judging.py": "the doctor's own command, for the rules",
}


def test_sealed_records_are_opened_in_the_allowed_places_only():
    """L15: whoever serves a reader calls ``access.opened`` or ``access.salted``."""
    callers = {
        name
        for name, node in nodes(ast.Attribute)
        if node.attr in ("unsealed", "salted") and getattr(node.value, "id", "") == "records"
    }
    assert callers == set(ALLOWED_TO_UNSEAL)


NEVER_DISPUTED = {
    "hospital/actions/emergencies.py": "a doctor's reason",
    "insurance/actions/finding.py": "quantities, of which no word is shown",
    "pharmacy/actions/delivering.py": "an address",
    "prescriptions/actions/answering.py": "a pharmacist's question",
    "prescriptions/sharing/actions/claiming.py": "coarse values, of which no text is delivered",
}


def test_whoever_shows_a_record_shows_what_is_attached_to_it():
    """Decision 0039: who opens records for readers opens their amendments beside them."""
    openers, with_amendments = (
        {
            name
            for name, node in nodes(ast.Attribute)
            if node.attr in attributes and getattr(node.value, "id", "") == "access"
        }
        for attributes in (("opened", "listed"), ("amendments",))
    )
    assert openers - set(NEVER_DISPUTED) == with_amendments


UNSEALS_OTHERWISE = {
    "hospital/access.py": "the key of a person's tags",
    "hospital/actions/keys.py": "the name of the caller's own device",
    "hospital/actions/login.py": "the openid, for WeChat",
    "hospital/actions/people.py": "a person's name and number, for records that are being written",
    "hospital/consultations/actions/asking.py": "the same, for the patient's own question",
    "hospital/consultations/practice.py": "the age of the patient",
    "hospital/faces/actions.py": "what the patient has just claimed to be, for WeChat",
    "hospital/idempotency.py": "an answer, for who got it before",
    "hospital/looking.py": "the name of who looked, for the patient",
    "hospital/paging.py": "where a page begins, for who is not to know of which record",
    "hospital/records.py": "the key of a record",
    "hospital/resealing.py": "the rotation of keys, which reads no content",
}


def test_sealed_texts_are_opened_in_the_allowed_places_only():
    """L15: one function takes a record's key out, and the content needs the key."""
    callers, content, keys = set(), set(), set()
    for name, node in nodes(ast.Attribute | ast.Name | ast.ImportFrom | ast.Constant):
        match node:
            case ast.Attribute(attr="unseal"):
                callers.add(name)
            case ast.Attribute(attr="unseal_with") | ast.Name(id="unseal_with"):
                content.add(name)
            case ast.ImportFrom(module="hospital.records" | "hospital.access"):
                raise AssertionError(f"{name} imports past the module")
            case ast.Attribute(attr="wrapped_key"):
                keys.add(name)
            case ast.Constant(value=str(text)) if re.search(r"\bwrapped_key\b", text):
                keys.add(name)
    assert callers == set(UNSEALS_OTHERWISE)
    assert content == {"hospital/keyservice.py", "hospital/records.py", "hospital/sealing.py"}
    assert keys - {"hospital/models.py"} == {"hospital/records.py"}


def test_only_a_committed_entry_makes_a_right_to_open():
    """L15: nobody else makes a ``Viewing`` or says that it is committed."""
    makers = {
        name
        for name, node in nodes(ast.Call)
        if "Viewing" in (getattr(node.func, "attr", ""), getattr(node.func, "id", ""))
    }
    setters = {
        name
        for name, node in nodes(ast.Attribute)
        if node.attr == "committed" and isinstance(node.ctx, ast.Store)
    }
    assert (makers, setters) == ({"hospital/access.py"}, set())


def test_no_command_imports_what_opens_a_record():
    """Z10: an administrator has no command that shows content."""
    opening = re.compile(r"hospital(\.|\s+import\s.*)\b(records|access|aead)\b")
    for path in BASE.rglob("management/commands/*.py"):
        assert not opening.search(path.read_text()), name_of(path)


def test_nobody_reads_the_clock_but_the_edge():
    """F10: time is passed in; only HTTP, tasks and commands ask for it."""
    web = ("api.py", "batches.py", "api_claims.py", "http.py", "asking.py", "authentication.py")
    more = ("api_export.py", "api_parcels.py", "api_scans.py", "api_stock.py")
    commands = ("commands/journal.py", "commands/reconcile.py", "commands/refunds.py")
    edge = (*web, "api_emergencies.py", *more, "asgi.py", "tasks.py", "agent.py", *commands)
    readers = {
        name
        for name, node in nodes(ast.Call)
        if getattr(node.func, "attr", "") in ("now", "utcnow", "today")
        and name.split("/")[0] != "ledger"
    }
    assert {name for name in readers if not name.endswith(edge) and "gateways" not in name} == set()


def test_no_float_near_money():
    """C3"""
    money = {name for name, node in nodes(ast.Name) if node.id == "float"}
    assert {
        name for name in money if name.startswith(("insurance/actions", "insurance/split"))
    } == set()


def test_transactions_do_not_hold_a_row_while_calling_wechat():
    """F9: no function that opens a transaction calls a gateway."""
    for name, node in nodes(ast.FunctionDef):
        atomic = any("atomic" in ast.unparse(one) for one in node.decorator_list)
        body = "\n".join(ast.unparse(one) for one in node.body)
        if atomic and name.startswith(("insurance", "pharmacy")):
            assert "wechat_pay.client()" not in body, f"{name}:{node.name}"
            assert "courier.client()" not in body, f"{name}:{node.name}"
