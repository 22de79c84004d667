"""Markdown from templates, in which what people wrote stays what they wrote.

Django escapes for HTML, which puts ``&#x27;`` into a Markdown file and lets links and headings through.
Here, every text of the context carries its own escaping: ``{{ result.title }}`` is safe for Markdown with
nothing added. A filter gives a plain text again; end its chain with ``|md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.template.loader import render_to_string

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$]")
"""Emphasis, code, links, images, HTML, entities (CommonMark 0.31); GitHub's tables, strikethrough, maths."""
START = re.compile(r"^(?:#+|[+=-]+(?=\s|$)|\d{1,9}[.)](?=\s|$))")
"""What makes a heading, a list or a rule of a line that begins with it."""
ADDRESS = re.compile(r"(?<=[a-zA-Z]):(?=//)|(?<=www)\.|@", re.IGNORECASE)
"""What makes a link of bare text on GitHub and the like."""


class Text(str):
    """A text that templates show escaped for Markdown."""

    __slots__ = ()

    def __html__(self) -> str:
        return escape(self)


def escape(text: str) -> str:
    """``text`` on one line, such that Markdown shows it word for word: no markup, no HTML, no links."""
    line = " ".join(CONTROL.sub(" ", text).split())
    line = SPECIAL.sub(r"\\\g<0>", line)
    line = ADDRESS.sub(r"\\\g<0>", line)
    return START.sub(_escaped_start, line)


def wrapped(value: Any) -> Any:
    """``value`` with every text in it, at whatever depth, as `Text`."""
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, Mapping):
        return {name: wrapped(inner) for name, inner in value.items()}
    return [wrapped(inner) for inner in value] if isinstance(value, list | tuple) else value


def outline(title: str, value: Any) -> str:
    """Any value as a heading and nested lists."""
    return "\n".join([f"# {escape(title)}", "", *_lines(value, "")]) + "\n"


def render(template: str, context: Mapping[str, Any]) -> str:
    """The Markdown that ``template`` makes of ``context``; blank lines are never doubled."""
    drawn = render_to_string(template, wrapped(context))
    return re.sub(r"\n{3,}", "\n\n", drawn).strip() + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    named = value.items() if isinstance(value, Mapping) else (("", inner) for inner in _items(value))
    for name, inner in named:
        label = f"**{escape(name)}**" if name else ""
        if isinstance(inner, Mapping | list | tuple):
            yield f"{indent}- {label or '…'}"
            yield from _lines(inner, indent + "  ")
        else:
            yield f"{indent}- {label}{': ' if label else ''}{escape(_written(inner))}"


def _items(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)


def _escaped_start(found: re.Match[str]) -> str:
    """The last sign of it escaped: ``1\\.``, ``\\#``."""
    return f"{found[0][:-1]}\\{found[0][-1]}" if found[0][0].isdigit() else f"\\{found[0]}"
