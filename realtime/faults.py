"""What is wrong with an input, in plain sentences: the one place that words what pydantic finds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

MOST = 100
"""Faults of one input that are told; a client can make any number of them."""
OBJECT = "This must be an object with named fields, such as {}."
LIST = "This must be a list, such as []."
WHOLE = "This must be a whole number, such as 3."
NUMBER = "This must be a number, such as 1.5."
TEXT = "This must be a text."
BOOLEAN = "This must be true or false."
ID = "This must be an id: 32 hexadecimal digits in groups, such as 018f0c5e-7b1a-7c3d-9e2f-0a1b2c3d4e5f."
MOMENT = "This must be a time as ISO 8601 writes it, such as 2030-01-31T08:00:00Z."
DATE = "This must be a date as ISO 8601 writes it, such as 2030-01-31."

SENTENCES = {
    "missing": "This is needed, and missing.",
    "extra_forbidden": "There is no field of this name here. Check how it is spelled, or leave it out.",
    "none_required": "This must be null, or left out.",
    "model_type": OBJECT,
    "model_attributes_type": OBJECT,
    "dict_type": OBJECT,
    "mapping_type": OBJECT,
    "list_type": LIST,
    "tuple_type": LIST,
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
    "int_parsing_size": "This number is larger than any that is taken here.",
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": "This must be a number that ends: neither infinite nor NaN.",
    "decimal_type": NUMBER,
    "decimal_parsing": NUMBER,
    "bool_type": BOOLEAN,
    "bool_parsing": BOOLEAN,
    "string_type": TEXT,
    "string_unicode": "This must be a text in UTF-8.",
    "string_too_short": "This is too short: its length in characters must be {min_length} or more.",
    "string_too_long": "This is too long: its length in characters must be {max_length} or less.",
    "string_pattern_mismatch": "This has not the form that is taken here: {pattern}, a regular expression.",
    "too_short": "There are too few of these: at least {min_length}, and here are {actual_length}.",
    "too_long": "There are too many of these: at most {max_length}, and here are {actual_length}.",
    "greater_than": "This must be more than {gt}.",
    "greater_than_equal": "This must be {ge} or more.",
    "less_than": "This must be less than {lt}.",
    "less_than_equal": "This must be {le} or less.",
    "multiple_of": "This must be a multiple of {multiple_of}.",
    "literal_error": "This must be {expected}.",
    "enum": "This must be {expected}.",
    "uuid_type": ID,
    "uuid_parsing": ID,
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "datetime_object_invalid": MOMENT,
    "timezone_aware": "This needs a time zone, such as “Z” or “+02:00” at its end.",
    "date_type": DATE,
    "date_parsing": DATE,
    "date_from_datetime_parsing": DATE,
    "value_error": "{error}",
    "assertion_error": "{error}",
}
"""By pydantic's type of an error, what is wrong and what to give instead; its context stands for the names
in braces. See https://docs.pydantic.dev/latest/errors/validation_errors/."""


def of(error: ValidationError, *place: str) -> list[dict[str, str]]:
    """The faults that ``error`` tells of, at most `MOST`: ``{"path": …, "message": …}``.

    Args:
        error: what pydantic raised.
        place: where in the input the validated value stands.
    """
    found = error.errors(include_url=False, include_input=False)[:MOST]
    return [{"path": _path([*place, *one["loc"]]), "message": sentence(one)} for one in found]


def sentence(fault: Any) -> str:
    """One of pydantic's errors as a sentence; its own words, if it is of a type that is not known here."""
    known = SENTENCES.get(fault["type"])
    if known is None:
        return _ended(str(fault["msg"]))
    context = {name: _written(value) for name, value in fault.get("ctx", {}).items()}
    return _ended(re.sub(r"\{(\w+)\}", lambda name: context.get(name[1], name[0]), known))


def _written(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return re.sub(r"'([^']*)'", r"“\1”", str(value))


def _path(location: Iterable[int | str]) -> str:
    return ".".join(map(str, location))


def _ended(text: str) -> str:
    """``text`` with a capital at its beginning and a full stop at its end."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
