"""After a dump is restored into a new cluster, transaction ids start again from below."""

import pytest
from django.db import connection

from ledger import inspection, sequencer
from tests.ledger.disorder import check
from tests.ledger.logs import ALog


def age(log: ALog) -> None:
    """Make the rows look as if they came from a cluster a million transactions ahead."""
    log.forge(
        "UPDATE ledger_event SET xid = (xid::text::bigint + 1000000)::text::xid8 WHERE log_id = %s",
        log.id,
    )
    log.forge(
        "UPDATE ledger_leaf SET event_xid = (event_xid::text::bigint + 1000000)::text::xid8"
        " WHERE log_id = %s",
        log.id,
    )


def test_goes_on_where_the_old_one_stopped(log):
    log.append_many(5)
    log.sequence()
    log.append("rx/1")
    age(log)
    log.forge("UPDATE ledger_head SET snap = '2000000:2000000:' WHERE log_id = %s", log.id)

    assert log.sequence() == 1
    log.append("rx/1")
    assert log.sequence() == 1
    assert log.sequence() == 0
    assert check(log) == 9
    assert inspection.database(log.origin, lambda done, total: None).size == 9


def test_notices_events_from_the_future_though_the_head_is_not(log):
    log.append_many(5)
    age(log)

    assert log.sequence() == 7
    log.append("rx/1")
    assert log.sequence() == 1
    assert check(log) == 8


def test_refuses_when_leaves_and_head_contradict_each_other(log):
    log.append_many(5)
    log.sequence()
    age(log)
    log.forge(
        "UPDATE ledger_head SET snap = '2000000:2000000:', size = 6 WHERE log_id = %s", log.id
    )

    with pytest.raises(sequencer.Contradiction):
        log.sequence()


def test_refuses_when_new_events_would_get_ids_that_are_taken(log):
    log.append_many(5)
    log.sequence()
    age(log)
    log.forge("UPDATE ledger_head SET snap = '2000000:2000000:' WHERE log_id = %s", log.id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM ledger_event_id_seq")
        (last,) = cursor.fetchone()
        cursor.execute("SELECT setval('ledger_event_id_seq', %s)", [last - 3])
    try:
        with pytest.raises(sequencer.Contradiction):
            log.sequence()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('ledger_event_id_seq', %s)", [last + 1000])
