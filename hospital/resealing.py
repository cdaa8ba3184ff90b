"""
Sealing anew, by the newest key, what older keys have sealed; the second step of a rotation.

Who owns sealed columns says so with a ``Sealed``. Rows are taken in batches by rising key, beside
readers and writers: a value is exchanged only if nobody has changed or erased it in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import F, Func, Model, QuerySet, Value

from hospital import keyring, sealing

BATCH = 500


@dataclass(frozen=True, slots=True)
class Sealed:
    """Columns of a model, what each is ``about``, and the columns that one needs to say so."""

    model: type[Model]
    fields: tuple[str, ...]
    about: Callable[[Any, str], str]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a column: values sealed anew, and the rows whose value does not open."""

    resealed: int
    broken: list[Any]


def reseal(sealed: Sealed, field: str) -> Done:
    """Seal a column anew; it costs one look at the table, and an update a batch."""
    resealed, broken = 0, []
    for rows in _batches(sealed, field):
        keys, old, new = [], [], []
        for row in rows:
            value, about = bytes(getattr(row, field)), sealed.about(row, field)
            try:
                new.append(sealing.seal(sealing.unseal(value, about), about))
            except sealing.DoesNotOpen:
                broken.append(row.pk)
                continue
            keys.append(row.pk)
            old.append(value)
        resealed += _exchange(sealed.model, field, keys, old, new)
    return Done(resealed, broken)


def keys_in_use(sealed: Sealed, field: str) -> dict[bytes, int]:
    """Key id → how many values of a column it has sealed."""
    found = _values(sealed.model, field).values_list("key_id").annotate(number=models.Count("*"))
    return {bytes(key_id): number for key_id, number in found.order_by()}


def _values(model: type[Model], field: str) -> QuerySet[Any]:
    """The rows that have a value; what was erased is empty."""
    rows = model._default_manager.exclude(**{field: None}).exclude(**{field: b""})
    key_id = Func(
        F(field),
        Value(2),
        Value(keyring.ID_BYTES),
        function="substring",
        output_field=models.BinaryField(),
    )
    found: QuerySet[Any] = rows.annotate(key_id=key_id)
    return found


def _batches(sealed: Sealed, field: str) -> Iterator[list[Any]]:
    rows = _values(sealed.model, field).exclude(key_id=sealing.newest_key().id)
    rows = rows.only("pk", field, *sealed.needs).order_by("pk")
    last = None
    while found := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
        yield found
        last = found[-1].pk


def _exchange(
    model: type[Model], field: str, keys: list[Any], old: list[bytes], new: list[bytes]
) -> int:
    primary = model._meta.pk
    assert primary is not None
    quote = connection.ops.quote_name
    names = {
        "table": quote(model._meta.db_table),
        "pk": quote(primary.attname),
        "field": quote(field),
        "type": primary.rel_db_type(connection),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EXCHANGE.format(**names), [keys, old, new])
        return int(cursor.rowcount)


_EXCHANGE = """
    UPDATE {table} SET {field} = given.new
    FROM unnest(%s::{type}[], %s::bytea[], %s::bytea[]) AS given(pk, old, new)
    WHERE {table}.{pk} = given.pk AND {table}.{field} = given.old
"""
