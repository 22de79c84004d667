"""Settings from environment variables: what each may hold, and a plain sentence where it does not.

The makers below (`whole`, `real`, `text`, …) give a pydantic field its type's limits and the words for
them at once. The sentences about wrong values and the table in `docs/settings.md` are both made from
those words, so what is checked, said and documented is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

PASSWORD_IN_ADDRESS = re.compile(r"(?<=://)([^:@/\s]*):.*@")


class ConfigError(ImproperlyConfigured):
    """A setting holds what it can't hold. The message has one sentence a line, one for each of them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What people read about a setting.

    Args:
        about: what it does.
        allowed: what it may hold, such that "it must be …" reads well.
        shown: the default in words, where the value itself would not tell.
        secret: whether its value must never be shown.
    """

    about: str
    allowed: str
    shown: str = ""
    secret: bool = False


def whole(default: int, about: str, unit: str, low: int, high: int) -> Any:
    """A setting that is a whole number of ``unit`` from ``low`` to ``high``."""
    return _field(default, Words(about, f"a whole number of {unit} from {low} to {high}"), ge=low, le=high)


def real(default: float, about: str, unit: str, low: float, high: float) -> Any:
    """A setting that is a number of ``unit`` from ``low`` to ``high``."""
    return _field(default, Words(about, f"a number of {unit} from {low:g} to {high:g}"), ge=low, le=high)


def switch(about: str) -> Any:
    """A setting that is off unless it is switched on."""
    return _field(False, Words(about, "true or false"))


def text(default: object, about: str, allowed: str, *, shown: str = "", pattern: str | None = None) -> Any:
    """A setting in words; each must match ``pattern`` when there is one."""
    return _field(default, Words(about, allowed, shown), pattern=pattern)


def secret(about: str, *, at_least: int = 1, shown: str = "") -> Any:
    """A setting whose value is never shown, ``at_least`` so many characters long; empty by default."""
    allowed = f"at least {at_least} characters long" if at_least > 1 else "a key"
    return _field("", Words(about, allowed, shown, secret=True), min_length=at_least, repr=False)


def words_of(field: FieldInfo) -> Words:
    """What people read about ``field``, which one of the makers above made."""
    assert isinstance(field.json_schema_extra, dict)
    return Words(**field.json_schema_extra)  # type: ignore[arg-type]


def given(model: type[BaseModel], environment: Mapping[str, str]) -> dict[str, str]:
    """What ``environment`` sets of ``model``. An empty variable counts as not set."""
    found = {name: environment.get(name.upper(), "").strip() for name in model.model_fields}
    return {name: value for name, value in found.items() if value}


def sentences(model: type[BaseModel], error: ValidationError, values: Mapping[str, str]) -> str:
    """A sentence for each wrong setting: its name, what was given, and what is allowed."""
    lines = [_sentence(model, values, detail) for detail in error.errors()]
    return "\n".join(dict.fromkeys(lines))


def masked(value: str) -> str:
    """``value`` with the password of an address in it replaced by stars."""
    return PASSWORD_IN_ADDRESS.sub(r"\1:***@", value)


def table(model: type[BaseModel]) -> str:
    """All settings of ``model`` as a Markdown table."""
    rows = [_row(name, field) for name, field in model.model_fields.items()]
    return "\n".join(["| variable | default | allowed | what it does |", "|---|---|---|---|", *rows]) + "\n"


def _field(default: object, words: Words, **limits: Any) -> Any:
    return Field(default, json_schema_extra=asdict(words), **limits)


def _sentence(model: type[BaseModel], values: Mapping[str, str], detail: Any) -> str:
    if not detail["loc"]:
        return str(detail["msg"]).removeprefix("Value error, ")
    name = str(detail["loc"][0])
    words = words_of(model.model_fields[name])
    value = values[name]
    shown = f"a secret of {len(value)} characters" if words.secret else f'"{masked(value)}"'
    return f"{name.upper()} is {shown}, but it must be {words.allowed}."


def _row(name: str, field: FieldInfo) -> str:
    words = words_of(field)
    cells = (f"`{name.upper()}`", _default(field, words), words.allowed, words.about)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: FieldInfo, words: Words) -> str:
    value = field.default
    if words.shown or value in ("", ()):
        return words.shown
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
