"""A result as a file: JSON in the order of its kind, Markdown to read on, or its lists as a flat table."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.utils.http import content_disposition_header
from pydantic import ValidationError

from jobs import markdown, tables
from jobs.errors import SubmitError
from jobs.kinds import registry
from jobs.models import Job
from jobs.presentation import moment

FORMS = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
"""The forms there are, and their media types."""


@dataclass(frozen=True, slots=True)
class File:
    """An exported result."""

    name: str
    media_type: str
    content: str

    @property
    def disposition(self) -> str:
        """What makes a browser save it under its name."""
        return str(content_disposition_header(as_attachment=True, filename=self.name))


def made(form: str, job: Job, stored: str, part: str | None = None) -> File:
    """The result as a file.

    Args:
        form: one of `FORMS`.
        job: whose result it is.
        stored: the result's JSON.
        part: for csv, the one list to export; None for all.

    Raises:
        SubmitError: the result has no list called ``part``.
    """
    result = in_order(job.kind, json.loads(stored))
    if form == "json":
        content = json.dumps(result, ensure_ascii=False)
    elif form == "md":
        content = as_markdown(job, result)
    else:
        content = as_csv(result, part)
    return File(f"{_file_name(job.title)}.{form}", FORMS[form], content)


def in_order(kind: str, result: Any) -> Any:
    """``result`` with its fields in the order in which its kind declares them.

    PostgreSQL keeps an object's fields by the length of their names. A result that an older version of
    the kind made, or a kind that is gone, comes as it is.
    """
    if kind not in registry:
        return result
    try:
        return registry.get(kind).output.model_validate(result).model_dump(mode="json")
    except ValidationError:
        return result


def as_markdown(job: Job, result: Any) -> str:
    """The result in the words of its kind's ``markdown`` template, or else as an outline.

    The template's context has ``job`` (title, kind, created_at, quality) and ``result``. All text in them is
    safe for Markdown as it stands; see `jobs.markdown`.
    """
    template = registry.get(job.kind).markdown if job.kind in registry else ""
    if not template:
        return markdown.outline(job.title, result)
    context = {
        "job": {
            "title": job.title,
            "kind": job.kind,
            "created_at": moment(job.created_at),
            "quality": job.quality,
        },
        "result": result,
    }
    return markdown.render(template, context)


def as_csv(result: Any, part: str | None = None) -> str:
    """The result's lists as one flat table; see `jobs.tables`."""
    rows = tables.rows_of(result)
    if part is not None:
        known = list(dict.fromkeys(row["part"] for row in rows))
        rows = [row for row in rows if row["part"] == part]
        if not rows:
            message = f"The result has no list “{part}”. It has: {', '.join(known) or 'none'}."
            raise SubmitError(message, errors=[{"path": "part", "message": message}])
    return tables.csv_of(rows)


def _file_name(title: str) -> str:
    plain = unicodedata.normalize("NFC", title)
    name = re.sub(r"[^\w.-]+", "-", plain).strip("-.")[:80]
    return name or "result"
