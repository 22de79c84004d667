"""What a text or a link must be before it is stored and shown."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters but tab and line feed. PostgreSQL refuses NUL; the others are for no one to see."""
_LOCAL_PATH = re.compile(r"/(?![/\\])[^\s\\\x00-\x20\x7f]*")


class LinkNotLocal(ValueError):
    """A notification's link must be a path on this site, such as /jobs/, so that it leads nowhere else."""


def one_line(text: str, length: int) -> str:
    """``text`` in one line of at most ``length`` characters: fit for a subject or a header."""
    return shortened(" ".join(_CONTROL.sub(" ", text).split()), length)


def paragraph(text: str, length: int) -> str:
    """``text`` with its lines, without control characters, at most ``length`` characters long."""
    return shortened(_CONTROL.sub("", text.replace("\r\n", "\n")).strip(), length)


def shortened(text: str, length: int) -> str:
    """``text``, cut and marked with an ellipsis when it is longer than ``length`` characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def local_path(link: str, length: int) -> str:
    """``link`` if it is a path on this site, or "" for none.

    Browsers take ``//host`` and ``/\\host`` for other sites, and skip tabs and line feeds in addresses.

    Raises:
        LinkNotLocal: anything else, or longer than ``length`` characters.
    """
    if link and (len(link) > length or not _LOCAL_PATH.fullmatch(link)):
        raise LinkNotLocal(f"{link[:100]!r}: {LinkNotLocal.__doc__}")
    return link
