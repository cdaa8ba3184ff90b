"""
F10: no entry is written that a wrong clock has dated.

Validators refuse for ever what is dated over fifteen minutes before the latest entry, and wait for
what is dated ahead. One machine's wrong clock must not do that to an honest log.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from config import errors, law
from config import settings as product
from hospital import signing
from ledger import chain

DRAWN_BEFORE, AHEAD = product.LEDGER_CLOCKS_S
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def strict(log):
    with override_settings(LEDGER_CLOCKS_S=product.LEDGER_CLOCKS_S):
        yield


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now.astimezone(UTC)


def set_back(log, by: timedelta) -> None:
    """As if the database's clock had been right until now and were set back: all is later."""
    log.forge(
        "UPDATE ledger_event SET stored_at = stored_at + interval '1 s' * %s WHERE log_id = %s",
        int(by.total_seconds()),
        log.id,
    )


def test_f10_what_is_admitted_is_lawful_whoevers_clock_is_off_by_what_is_tolerated():
    """Drawn as early as may be by one clock, after an entry dated ahead by another, set back."""
    assert DRAWN_BEFORE + 2 * AHEAD < law.LATE_S
    assert timedelta(seconds=DRAWN_BEFORE) > signing.FRESH + signing.AHEAD
    assert timedelta(seconds=AHEAD) >= signing.AHEAD
    assert 2 * AHEAD <= law.SKEW_S


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(seconds=AHEAD) + MINUTE, "ahead of the database's clock"),
        (timedelta(days=365), "ahead of the database's clock"),
        (-timedelta(seconds=DRAWN_BEFORE) - MINUTE, "long before the database's clock"),
        (-timedelta(days=365), "long before the database's clock"),
    ],
)
def test_f10_a_web_server_whose_clock_is_wrong_writes_nothing(log, off, words):
    before = log.indices("rx/1")
    with pytest.raises(chain.WrongClock, match=words):
        log.append("rx/1", at=database_now() + off)
    assert log.indices("rx/1") == before == []


@pytest.mark.parametrize("off", [timedelta(0), timedelta(seconds=50), -timedelta(minutes=11)])
def test_f10_what_waited_for_its_signature_is_written(log, off):
    log.append("rx/1", at=database_now() + off)
    assert log.indices("rx/1") == [None]


def test_f10_a_database_whose_clock_was_set_back_writes_nothing_until_it_is_right(log):
    log.append("rx/1", at=database_now())
    set_back(log, timedelta(seconds=AHEAD) + MINUTE)
    for subject in ("rx/1", "rx/2"):
        with pytest.raises(chain.WrongClock, match="set back"):
            log.append(subject, at=database_now())
    set_back(log, -timedelta(seconds=AHEAD) - MINUTE)
    log.append("rx/2", at=database_now())


def test_f10_a_step_back_as_small_as_clocks_may_differ_stops_nobody(log):
    log.append("rx/1", at=database_now())
    set_back(log, timedelta(seconds=AHEAD - 20))
    log.append("rx/1", at=database_now())


def test_f10_the_transaction_of_the_state_goes_with_it(log):
    """Nothing half done."""

    @transaction.atomic
    def two() -> None:
        log.append("rx/1", at=database_now())
        log.append("rx/2", at=database_now() + timedelta(days=1))

    with pytest.raises(chain.WrongClock):
        two()
    assert log.indices("rx/1") == []


def test_f10_the_refusal_says_that_a_clock_is_wrong():
    status, code, _, facts = errors.describe(chain.WrongClock("the database's clock is wrong"))
    assert (status, code) == (503, "ledger.clock")
    assert facts == {"reason": "the database's clock is wrong", "retry_after_s": 60}


def test_settings_are_not_the_tests_own():
    assert settings.LEDGER_CLOCKS_S == product.LEDGER_CLOCKS_S == (720, 60)
