"""Writes `docs/errors.md`: ``python -m jobs.errors_page > docs/errors.md``, or `make docs`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc

import django

from jobs.api import refusals
from jobs.errors import JobError
from jobs.kinds import BadGraph, KindTaken
from realtime import problems as stream_problems

MODULES = (
    "jobs.errors",
    "jobs.uploads",
    "jobs.resumable",
    "jobs.api.idempotency",
    "jobs.api.pages",
    "jobs.api.parsers",
    "jobs.api.views.resumable",
    "shipspeak.accounts.api",
)
"""Where there are errors that people can see."""
INTRODUCTION = """\
# Errors

Every way in which a request can be refused and a job can fail, by the code that programs see. The sentence
is the one that a person sees where nothing more is known; most often it names the job, the limit or the
setting at fault.

An error with a status answers a request (RFC 9457, `application/problem+json`), and nothing was created. One
without fails a step: it stands in the job's `error`, with what the person can do. `unexpected_error` does
both. Those that are tried again are, by themselves, before they are shown as failed.

Input that does not fit answers `bad_input`, with a sentence for each field at fault in `errors`.

This page is made by `make docs` from `jobs/errors.py` and its neighbours, `jobs/api/refusals.py` and
`realtime/problems.py`; change it there.

| code | status | class | tried again | what a person can do | sentence |
|---|---|---|---|---|---|
"""


AT_THE_START = """
## Errors of a kind

A kind that can't be run is refused when it is registered, that is when ShipSpeak starts: it says which kind
and which step, and does not start.

| error | what it says |
|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    rows = {kind.code: _row(kind) for kind in all_errors()}
    for code, (status, words) in requests().items():
        rows.setdefault(code, f"| `{code}` | {int(status)} | – | no | – | {words} |")
    jobs = "".join(f"{rows[code]}\n" for code in sorted(rows))
    kinds = "".join(f"| `{error.__name__}` | {sentence(error)} |\n" for error in (BadGraph, KindTaken))
    return f"{INTRODUCTION}{jobs}{AT_THE_START}{kinds}"


def all_errors() -> list[type[JobError]]:
    """Every type of error with a code of its own, by code."""
    for name in MODULES:
        import_module(name)
    return sorted(set(_below(JobError)), key=lambda kind: kind.code)


def requests() -> dict[str, tuple[int, str]]:
    """The errors that only requests are answered with: by code, the status and the sentence."""
    of_api = {code: (answer.status, answer.sentence) for code, answer in refusals.ANSWERS.items()}
    return {**of_api, **stream_problems.ANSWERS}


def codes() -> set[str]:
    """All codes of the page."""
    return {*requests(), *(kind.code for kind in all_errors())}


def sentence(kind: type[Exception]) -> str:
    """What a person sees where nothing more is known."""
    return " ".join(cleandoc(kind.__doc__ or "").split("\n\n")[0].split())


def _below(kind: type[JobError]) -> Iterator[type[JobError]]:
    if "code" in vars(kind) and kind.__module__ in MODULES:
        yield kind
    for one in kind.__subclasses__():
        yield from _below(one)


def _row(kind: type[JobError]) -> str:
    status = getattr(kind, "status", None) or requests().get(kind.code, (None,))[0]
    again = "yes" if kind.retryable else "no"
    can = ", ".join(f"`{one}`" for one in kind.recovery)
    return f"| `{kind.code}` | {status or '–'} | {kind.error_class} | {again} | {can} | {sentence(kind)} |"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shipspeak.settings")
    django.setup()
    sys.stdout.write(page())
