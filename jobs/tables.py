"""A result as a flat table, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

WHOLE = "result"
"""What the row with all that is in no list is called."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet may take for a formula (OWASP, "CSV Injection")."""

Row = dict[str, Any]


def rows_of(result: Any) -> list[Row]:
    """One row for what stands by itself, and one for each object in a list of objects.

    ``part`` says which list it was. Nested objects become columns such as ``talk_seconds.value``; lists
    stand in one cell: their items joined by "; ", the parts of an item by ", ".
    """
    if not isinstance(result, dict):
        return [{"part": WHOLE, "value": _cell(result)}]
    alone = {name: value for name, value in result.items() if not _is_table(value)}
    rows = [{"part": WHOLE, **dict(_flat(alone))}]
    for name, value in result.items():
        if _is_table(value):
            rows.extend({"part": name, **dict(_flat(one))} for one in value)
    return rows


def csv_of(rows: Sequence[Row]) -> str:
    """The rows as CSV (RFC 4180), with every column that one of them has."""
    columns = dict.fromkeys(name for row in rows for name in row)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([guarded(name) for name in columns])
    writer.writerows([guarded(row.get(name)) for name in columns] for row in rows)
    return out.getvalue()


def guarded(value: Any) -> Any:
    """The value of a cell, with an apostrophe before a text that a spreadsheet might execute."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _flat(value: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}", _cell(inner)


def _cell(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return "; ".join(_item(one) for one in value)


def _item(value: Any) -> str:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return ", ".join(str(one) for one in inner if one is not None)
