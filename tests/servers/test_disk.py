"""F6: disks that are full or read-only."""

import pytest

from tests.servers.disks import on_a_small_disk
from tests.servers.homes import START


def test_f6_a_disk_too_small_for_a_database_is_said_in_one_sentence(tmp_path):
    """F6: before anything is written."""
    said = on_a_small_disk("size=20m", START, tmp_path)
    assert "needs 160 MB for a new database" in said
    assert "set RX_HOME" in said


def test_f6_a_read_only_disk_is_said_in_one_sentence(tmp_path):
    """F6: a disk that refuses every write."""
    said = on_a_small_disk("ro", START, tmp_path)
    assert "Read-only file system" in said
    assert "set RX_HOME" in said


FILL = """
import os, sys, time
from contextlib import closing
from pathlib import Path
import psycopg2  # type: ignore[import-untyped]
from config.servers import embedded, locks, postgres
home = Path(sys.argv[1])
filler = home.parent / "filler"

def add(number):
    try:
        with closing(postgres.connect(home, user="rx", database="rx")) as connection:
            with connection, connection.cursor() as cursor:
                cursor.execute("INSERT INTO writes VALUES (%s, %s)", [number, os.urandom(500000)])
        return True
    except psycopg2.Error:
        return False

with embedded.running(home, lambda sentence: None) as servers:
    with closing(postgres.connect(home, user="rx", database="rx")) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE writes (number int, body bytea)")
    acknowledged = [number for number in range(4) if add(number)]
    with filler.open("wb") as file:
        try:
            while True:
                file.write(b"x" * 65536); file.flush()
        except OSError:
            pass
    refused = 0
    for number in range(4, 200):
        if add(number):
            acknowledged.append(number)
        else:
            refused += 1
        if refused > 3:
            break
    filler.unlink()
    deadline = time.monotonic() + 30
    while not add(1000) and time.monotonic() < deadline:
        servers.repair(lambda sentence: None)
        time.sleep(0.2)
    with closing(postgres.connect(home, user="rx", database="rx")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT number FROM writes")
        stored = {number for (number,) in cursor}
print("refused", refused > 3, "lost", len(set(acknowledged) - stored), "recovered", 1000 in stored)
"""


@pytest.mark.slow
@pytest.mark.alone
def test_f6_a_disk_that_fills_up_refuses_writes_and_loses_none(tmp_path):
    """F6: disk full: no partial state, recovers when there is room again."""
    assert on_a_small_disk("size=230m", FILL, tmp_path) == "refused True lost 0 recovered True\n"
