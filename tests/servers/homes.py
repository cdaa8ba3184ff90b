"""What the tests of the servers say and ask."""

from contextlib import closing
from pathlib import Path

from config import home as places
from config.servers import postgres

START = """
import sys
from pathlib import Path
from config.servers import embedded
from django.core.management.base import CommandError
try:
    with embedded.running(Path(sys.argv[1]), lambda sentence: None):
        print("it runs")
except CommandError as problem:
    print(problem)
"""
"""Start the servers of a home; print why not, if they do not start."""


def quiet(sentence: str) -> None:
    """Nobody listens."""


def rows(home: Path, statement: str) -> list[tuple[object, ...]]:
    """What a query in our database answers; its effect is committed."""
    connection = postgres.connect(home, user=places.DATABASE_USER, database=places.DATABASE)
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
