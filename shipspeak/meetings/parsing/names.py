"""One person, one name: “The Chair” and “The Chair (Hon. Ada Lee)” are the same speaker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shipspeak.meetings.parsing.model import Utterance


def united(utterances: Sequence[Utterance]) -> list[Utterance]:
    """The utterances, each speaker under one name."""
    names = one_name(one.speaker for one in utterances if one.speaker)
    return [replace(one, speaker=names.get(one.speaker or "", one.speaker)) for one in utterances]


def one_name(names: Iterable[str]) -> dict[str, str]:
    """By name, the name to use instead.

    A name, and the same with something in parentheses after it, are one speaker, and the longer one says
    more. With two such longer names nobody can tell who the short one is: then all of them stay.
    """
    found = list(dict.fromkeys(names))
    longer: dict[str, list[str]] = {}
    for name in found:
        longer.setdefault(_without_parentheses(name), []).append(name)
    shared = {short: mine for short, mine in longer.items() if short in mine and len(mine) == 2}
    return {short: next(name for name in mine if name != short) for short, mine in shared.items()}


def _without_parentheses(name: str) -> str:
    """``name`` without the parentheses at its end, if any are there and something is left before them."""
    if not name.endswith(")"):
        return name
    depth = 0
    for place in range(len(name) - 1, -1, -1):
        depth += (name[place] == ")") - (name[place] == "(")
        if depth == 0:
            return name[:place].strip() or name
    return name
