"""The filler of schemas makes what fits them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from jobs.providers.openai.schema import strict
from tests.fake_openai.filler import filled


class Leaf(BaseModel):
    """One of two variants."""

    kind: Literal["leaf"]
    quote: str


class Tree(BaseModel):
    """A schema that holds itself."""

    kind: Literal["tree"]
    name: str = Field(min_length=30, max_length=40)
    size: Annotated[int, Field(gt=3, lt=7)]
    weight: Annotated[float, Field(ge=0.5, le=0.6)]
    even: Annotated[int, Field(multiple_of=2, ge=3, le=9)]
    planted: date
    parts: list[Tree | Leaf] = Field(max_length=3)
    three: list[int] = Field(min_length=3)
    pair: tuple[int, str]
    shares: dict[str, Annotated[float, Field(le=1)]]
    parent: Tree | None = None


TYPES: list[Any] = [Tree, Leaf, list[Leaf], int, Literal["a", "b"], dict[str, int], bool, None, int | None]


@pytest.mark.parametrize("wanted", TYPES)
def test_it_fits(wanted):
    adapter = TypeAdapter(wanted)
    adapter.validate_python(filled(adapter.json_schema()))


def test_it_fits_the_strict_form():
    Leaf.model_validate(filled(strict(Leaf)["schema"]))


def test_it_is_the_same_every_time():
    schema = Tree.model_json_schema()
    assert filled(schema) == filled(schema)


def test_it_quotes_the_material():
    material = "Alice: We ship on Friday.\n\nBob: Good."
    assert filled(Leaf.model_json_schema(), material)["quote"] in material.splitlines()
