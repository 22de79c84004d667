"""Writes `docs/settings.md`: ``python -m shipspeak.settings_page > docs/settings.md``, or `make docs`."""

from __future__ import annotations

import sys

from shipspeak.config import Config
from shipspeak.environment import table

INTRODUCTION = """\
# Settings

ShipSpeak needs none. All of them are environment variables, read once at the start; an empty one counts as
not set. A wrong value stops the start with a sentence that names the variable, what was given and what is
allowed.

This page is made from `shipspeak/config.py` by `make docs`; change it there.

"""
CLOSING = """
At the first start of `manage.py up` without an administrator, `DJANGO_SUPERUSER_USERNAME`,
`DJANGO_SUPERUSER_EMAIL` and `DJANGO_SUPERUSER_PASSWORD` say who is made one. Without a password, `up` prints
a link that signs in once.
"""


def page() -> str:
    """The page as Markdown."""
    return INTRODUCTION + table(Config) + CLOSING


if __name__ == "__main__":
    sys.stdout.write(page())
