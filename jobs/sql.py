"""Writing many rows of one model at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    Field,
    FloatField,
    IntegerField,
    Model,
    QuerySet,
    TextField,
)

Prepare = Callable[[Any], Any]


def update_rows(rows: Iterable[Model], fields: Sequence[str], where: Sequence[tuple[str, str]] = ()) -> int:
    """Writes ``fields`` of each of ``rows`` (of one model) back, as one prepared statement.

    Django's ``bulk_update`` builds one CASE per field and row: measured on SQLite with 64 steps of 20
    fields, 21 ms against 0.9 ms here.

    Args:
        rows: instances, all of one model.
        fields: names of the concrete fields to write.
        where: columns that must still hold a value, for a compare-and-set.

    Returns:
        How many rows were written.
    """
    rows = list(rows)
    if not rows:
        return 0
    model = type(rows[0])
    columns: list[tuple[str, Prepare]] = [_column(model, name) for name in fields]
    key = _column(model, model._meta.pk.name)
    held: list[Any] = [value for _, value in where]
    with connection.cursor() as cursor:
        cursor.executemany(
            _statement(model, tuple(fields), tuple(column for column, _ in where)),
            [
                (*(prepare(getattr(row, attribute)) for attribute, prepare in columns), key[1](row.pk), *held)
                for row in rows
            ],
        )
        return int(cursor.rowcount)


def kept(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """Rows that nobody can delete before the transaction has ended, but change all the same; in tuples.

    It is the lock that a foreign key to them takes (``FOR KEY SHARE``), taken earlier, so that a row that is
    gone is found out, and does not fail the transaction at its end. SQLite has one writer at a time, and
    needs none.

    Args:
        rows: ``values_list`` of the columns that are wanted.
    """
    if connection.vendor != "postgresql":
        return list(rows)
    try:
        sql, parameters = rows.order_by("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR KEY SHARE", parameters)
        return list(cursor.fetchall())


def _statement(model: type[Model], fields: tuple[str, ...], where: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    key: Any = model._meta.pk
    settings = ", ".join(f"{quote(_field(model, name).column)} = %s" for name in fields)
    conditions = " AND ".join(f"{quote(column)} = %s" for column in (key.column, *where))
    return f"UPDATE {quote(model._meta.db_table)} SET {settings} WHERE {conditions}"  # noqa: S608 - our names


def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


@cache
def _column(model: type[Model], name: str) -> tuple[str, Prepare]:
    """The attribute that holds the field, and how the database takes its value."""
    field = _field(model, name)
    return field.attname, _prepare(field)


def _prepare(field: Field[Any, Any]) -> Prepare:
    if isinstance(field, CharField | TextField):
        return str
    if isinstance(field, BooleanField | FloatField | IntegerField):
        return _as_it_is
    return lambda value: None if value is None else field.get_db_prep_save(value, connection)


def _as_it_is(value: Any) -> Any:
    return value
