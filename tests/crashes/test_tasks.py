"""Tasks wake, they never remember: they carry no facts, and again changes nothing."""

import inspect
import re
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from config import home as places
from config.celery import LINES, app
from ledger import network
from tests import feeding, invariants
from tests.watched import APPS

ENQUEUES = re.compile(r"\.(delay|apply_async|send_task|signature|s|si)\(")
PARTS_OF_ADVANCE = {"ledger.tasks.sequence", "ledger.tasks.checkpoint"}


def contents() -> dict[str, tuple[int, int]]:
    """Rows and a digest of what they say, table by table, but for how far the journal is read."""
    models = [
        model for name in (*APPS, "ledger") for model in apps.get_app_config(name).get_models()
    ]
    found: dict[str, tuple[int, int]] = {}
    with connection.cursor() as cursor:
        for table in sorted({model._meta.db_table for model in models} - {"journal_fold"}):
            cursor.execute(f"SELECT count(*), sum(hashtext(t::text)::bigint) FROM {table} t")
            found[table] = cursor.fetchone()
    return found


@pytest.mark.parametrize("tick", app.conf.beat_schedule.values(), ids=lambda tick: tick["task"])
def test_f5_a_task_takes_no_arguments(tick: dict[str, Any]):
    """F5: a message says "look now" and nothing else, so it cannot say what was rolled back."""
    app.loader.import_default_modules()

    lines = [(name,) for name in (*LINES, network.national())]
    assert not tick.get("args") or tick["args"] in lines  # which line of logs to look at
    assert not tick.get("kwargs")
    assert inspect.signature(app.tasks[tick["task"]].run).parameters.keys() <= {"line"}


def test_f5_nobody_but_beat_enqueues():
    """F5: no transaction can leave a message behind, because none sends one."""
    files = [path for name in (*APPS, "ledger") for path in (places.BASE / name).rglob("*.py")]
    enqueuing = [str(path) for path in files if ENQUEUES.search(path.read_text())]

    assert len(files) > 50
    assert enqueuing == []


def test_f5_every_task_of_ours_is_in_the_beat_table():
    """F4: what nobody wakes would wait for ever after the queue was lost."""
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}

    assert ours - PARTS_OF_ADVANCE == {tick["task"] for tick in app.conf.beat_schedule.values()}


def test_f3_every_task_twice_changes_nothing(world, patient):
    """F3, F5: delivered twice, or after a loss once more, a wake-up finds nothing left to do."""
    rx = world.paid(patient)
    world.doctor.command(f"/api/prescriptions/{rx}/cancel", {"reason": "clinical"})
    app.loader.import_default_modules()
    feeding.silence()  # webhooks of other tests to hosts that do not exist are tried again in time
    invariants.run_tasks()
    invariants.run_tasks()
    before = contents()

    invariants.run_tasks()
    invariants.run_tasks()

    assert contents() == before
