"""Schemas that strict structured output takes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from jobs.providers.openai.schema import strict
from tests.jobs.providers.asking import Minutes


class Free(BaseModel):
    """A form with keys that are not known before."""

    shares: dict[str, float]


class Tree(BaseModel):
    """A form that holds itself."""

    name: str = Field(max_length=5, examples=["oak"], description="Of the tree.")
    default: str = "a field that is called as a keyword is"
    branches: list[Tree] = Field(default=[], max_length=3)


def objects(schema: Any) -> list[dict[str, Any]]:
    """All objects of a schema."""
    if isinstance(schema, list):
        return [found for part in schema for found in objects(part)]
    if not isinstance(schema, dict):
        return []
    inner = [found for part in schema.values() for found in objects(part)]
    return [schema, *inner] if schema.get("type") == "object" else inner


def test_it_requires_every_field_and_forbids_others():
    found = objects(strict(Minutes)["schema"])
    assert len(found) == 2
    for one in found:
        assert one["required"] == list(one["properties"])
        assert one["additionalProperties"] is False


def test_it_leaves_out_what_strict_mode_refuses():
    tree = strict(Tree)["schema"]["$defs"]["Tree"]["properties"]
    assert "maxLength" not in tree["name"]
    assert "examples" not in tree["name"]
    assert tree["name"]["description"] == "Of the tree."
    assert tree["branches"]["maxItems"] == 3


def test_it_keeps_fields_that_are_called_as_keywords_are():
    assert "default" in strict(Tree)["schema"]["$defs"]["Tree"]["properties"]


def test_it_only_wishes_for_a_form_with_free_keys():
    assert strict(Free)["strict"] is False
    assert strict(Tree)["strict"] is True
