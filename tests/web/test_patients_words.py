"""The patient's modules say of looks and grants what the hospital says, and keep no answers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from config import translations
from config.home import BASE
from hospital import consents, lookwords, sharing
from hospital.api_consents import WORDS
from hospital.consultations.actions import ending
from hospital.corrections import models as corrections
from hospital.notices import kinds
from insurance import pending
from insurance.actions import claims, declining
from pharmacy import parcels, recalls, returns
from pharmacy.models import Substitution
from prescriptions.actions import cancelling, reviewing
from prescriptions.models import ChangeRequest

MODULES = BASE / "web" / "static" / "web" / "patient"
IMPORT = re.compile(r"^import .*;$", re.MULTILINE)


def exported(name: str, tmp_path: Path) -> Any:
    """The objects that a module exports; its imports are left out."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    copy = tmp_path / "module.mjs"
    copy.write_text(IMPORT.sub("", (MODULES / name).read_text()))
    script = "import(process.argv[1]).then((it) => process.stdout.write(JSON.stringify(it)))"
    return json.loads(subprocess.check_output([node, "-e", script, str(copy)], text=True))


REASONS = (
    *(ending.DeclineReason, corrections.Reason, declining.DeclineReason, claims.ClaimReason),
    *(pending.PendReason, pending.SignalReason, pending.ReopenReason, pending.AppealReason),
    *(recalls.Reason, recalls.LiftReason, returns.Reason, parcels.Reason, parcels.Said),
    *(Substitution.Reason, ChangeRequest.Reason, ChangeRequest.KeepReason),
    *(cancelling.CancelReason, reviewing.Reason, reviewing.Decision, claims.Decision),
)
"""What people sign as their reason or decision."""


def test_what_is_signed_is_shown_in_words(tmp_path):
    """A6: a sheet that shows a code of ours shows nothing to whoever signs it."""
    said = exported("../base/facts.js", tmp_path)["VALUES"]
    signed = {value for kind in REASONS for value in kind.values}
    assert signed - said.keys() == set()


def test_looks_have_the_words_of_the_hospital(tmp_path):
    found = exported("lookwords.js", tmp_path)
    assert found["ROLES"] == dict(lookwords.ROLES)
    assert found["PURPOSES"] == dict(lookwords.PURPOSES)
    assert found["BASES"] == dict(lookwords.BASES)
    assert found["FIELDS"] == dict(lookwords.FIELDS)


def test_grants_offer_what_the_hospital_takes(tmp_path):
    found = exported("granted.js", tmp_path)
    assert found["FIELDS"] == WORDS
    assert {
        purpose: (one["words"], set(one["kinds"]), tuple(one["fields"]))
        for purpose, one in found["PURPOSES"].items()
    } == {
        purpose.value: (lookwords.PURPOSES[purpose], set(terms.kinds), terms.fields)
        for purpose, terms in consents.TERMS.items()
    }
    assert set(sharing.FIELDS) <= set(found["FIELDS"])


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        *((path, True) for path in ("/patient/", "/patient/receipt", "/words.js")),
        *((path, True) for path in ("/static/web/base/dom.js", "/static/ledger/receipt.js")),
        *((path, False) for path in ("/api/me/looks", "/api/receipts/00", "/log/policy", "/")),
        *((path, False) for path in ("/demo/people", "/words.json", "/x/patient/", "/enter")),
    ],
)
def test_the_worker_keeps_pages_and_no_answers(path, kept):
    """Answers of the API hold a person's data."""
    pattern = re.search("^const KEPT = /(.*)/;$", (MODULES / "worker.js").read_text(), re.MULTILINE)
    assert pattern is not None
    assert bool(re.match(pattern[1].replace(r"\/", "/"), path)) is kept


def test_notices_have_their_english():
    """The inbox shows the hospital's sentences in the reader's language."""
    sources = translations.FOLDER.glob("*/en/LC_MESSAGES/djangojs.po")
    known = {one.msgid for source in sources for one in translations.texts(source) if one.msgstr}
    assert [one for one in kinds.SENTENCES.values() if one not in known] == []
