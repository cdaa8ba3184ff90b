"""What the tests of the servers say and ask."""

from contextlib import closing
from pathlib import Path

from config import home as places
from config.servers import postgres


def quiet(sentence: str) -> None:
    """Nobody listens."""


def rows(home: Path, statement: str) -> list[tuple[object, ...]]:
    """What a query in our database answers; its effect is committed."""
    connection = postgres.connect(home, user=places.DATABASE_USER, database=places.DATABASE)
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
