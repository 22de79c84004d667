"""Whatever pydantic finds wrong is told in a sentence of our own."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from realtime import faults


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = 1


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    parts: list[Part] = []


def no(value: Any) -> Any:
    raise ValueError("this is never taken")


def found(kind: Any, value: Any, *place: str) -> list[dict[str, str]]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return faults.of(caught.value, *place)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (int, "x", "whole number"),
        (int, 1.5, "whole number"),
        (int, [], "whole number"),
        (int, "9" * 5000, "larger than any"),
        (float, "x", "a number"),
        (float, None, "a number"),
        (Annotated[float, Field(allow_inf_nan=False)], float("inf"), "neither infinite nor NaN"),
        (Decimal, "x", "a number"),
        (bool, "x", "true or false"),
        (bool, [], "true or false"),
        (str, 1, "a text"),
        (list[int], 1, "a list"),
        (dict[str, int], 1, "an object"),
        (Whole, 1, "an object"),
        (Literal["fail", "continue"], "x", "“fail” or “continue”"),
        (Size, "x", "“small” or “large”"),
        (UUID, "x", "an id"),
        (UUID, 1, "an id"),
        (datetime, "soon", "a time"),
        (datetime, [], "a time"),
        (date, "soon", "a date"),
        (None, 1, "null"),
        (Annotated[int, Field(ge=2)], 1, "2 or more"),
        (Annotated[int, Field(gt=2)], 1, "more than 2"),
        (Annotated[int, Field(le=2)], 3, "2 or less"),
        (Annotated[float, Field(le=30)], 31, "30 or less."),
        (Annotated[int, Field(lt=2)], 3, "less than 2"),
        (Annotated[int, Field(multiple_of=5)], 3, "a multiple of 5"),
        (Annotated[str, Field(min_length=1)], "", "1 or more"),
        (Annotated[str, Field(max_length=1)], "ab", "1 or less"),
        (Annotated[str, Field(pattern="^a{2}$")], "b", "^a{2}$"),
        (Annotated[list[int], Field(min_length=2)], [1], "at least 2, and here are 1"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "at most 1, and here are 2"),
        (Annotated[int, AfterValidator(no)], 1, "This is never taken."),
    ],
)
def test_it_says_in_a_sentence_what_is_wrong(kind: Any, value: Any, words: str) -> None:
    (fault,) = found(kind, value)
    assert words in fault["message"]
    assert fault["message"].startswith("Th")
    assert fault["message"].endswith(".")
    assert "Input" not in fault["message"]


def test_it_names_the_place_of_each_fault() -> None:
    told = found(Whole, {"parts": [{"count": "x"}, {"other": 1}]}, "input")
    assert [one["path"] for one in told] == ["input.name", "input.parts.0.count", "input.parts.1.other"]
    assert "missing" in told[0]["message"]
    assert "no field of this name" in told[2]["message"]


def test_it_repeats_what_it_has_no_words_for() -> None:
    (fault,) = found(type, 1)
    assert faults.SENTENCES.keys().isdisjoint({"is_type"})
    assert fault["message"] == "Input should be a type."


def test_it_tells_only_so_many() -> None:
    assert len(found(list[int], ["x"] * 500)) == faults.MOST
