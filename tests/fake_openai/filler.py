"""Fills a JSON Schema with values that fit it: the same ones every time, and likely ones."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any
from zlib import crc32

DEEPEST = 8
"""Below this, what may be left out or be null is; so a schema that holds itself comes to an end."""
Fill = Callable[[dict[str, Any], str], Any]
QUOTED = re.compile(r"quote|evidence|excerpt", re.IGNORECASE)
FORMATS = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T09:30:00Z",
    "time": "09:30:00",
    "email": "alice@example.org",
    "uri": "https://example.org/",
    "uuid": "6f1c2a52-52a5-4c5f-9a0e-1f5f4f5d2c11",
    "duration": "PT5M",
}


def filled(schema: dict[str, Any], material: str = "") -> Any:
    """A value that fits ``schema``.

    Strings that are to quote something are lines of ``material``, word for word.
    """
    return Filler(schema, [line.strip() for line in material.splitlines() if line.strip()]).value(schema, "")


class Filler:
    """Fills one schema."""

    def __init__(self, root: dict[str, Any], lines: list[str]) -> None:
        self._root = root
        self._lines = lines

    def value(self, schema: Any, path: str) -> Any:
        """A value for the part of the schema at ``path``, such as ``/decisions/0/title``."""
        schema = self._resolved(schema if isinstance(schema, dict) else {})
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][crc32(path.encode()) % len(schema["enum"])]
        if "anyOf" in schema or "oneOf" in schema:
            return self._either(schema.get("anyOf") or schema["oneOf"], path)
        return self._of_type(schema, path)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self._root
            for key in schema["$ref"].removeprefix("#/").split("/"):
                found = found[key]
            schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
        for part in schema.get("allOf", ()):
            schema = {**schema, **self._resolved(part)}
        return schema

    def _either(self, variants: list[Any], path: str) -> Any:
        null = [variant for variant in variants if variant.get("type") == "null"]
        if null and path.count("/") > DEEPEST:
            return None
        return self.value(next(variant for variant in variants if variant not in null), path)

    def _of_type(self, schema: dict[str, Any], path: str) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        fillers: dict[str, Fill] = {
            "object": self._object,
            "array": self._array,
            "integer": _integer,
            "number": _number,
            "boolean": lambda _, path: crc32(path.encode()) % 2 == 0,
            "null": lambda *_: None,
        }
        return fillers.get(kind, self._string)(schema, path)

    def _object(self, schema: dict[str, Any], path: str) -> dict[str, Any]:
        required = schema.get("required", [])
        deep = path.count("/") > DEEPEST
        made = {
            name: self.value(part, f"{path}/{name}")
            for name, part in schema.get("properties", {}).items()
            if name in required or not deep
        }
        free = schema.get("additionalProperties")
        if isinstance(free, dict) and not deep:
            made["first"] = self.value(free, f"{path}/first")
        return made

    def _array(self, schema: dict[str, Any], path: str) -> list[Any]:
        fixed = schema.get("prefixItems")
        if fixed:
            return [self.value(part, f"{path}/{index}") for index, part in enumerate(fixed)]
        least, most = schema.get("minItems", 0), schema.get("maxItems", 2)
        count = least if path.count("/") > DEEPEST else max(least, min(2, most))
        return [self.value(schema.get("items", {}), f"{path}/{index}") for index in range(count)]

    def _string(self, schema: dict[str, Any], path: str) -> str:
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        name = next((part for part in reversed(path.split("/")) if part and not part.isdigit()), "text")
        text = f"{name.replace('_', ' ').capitalize()} {crc32(path.encode()) % 90 + 10}"
        if QUOTED.search(name) and self._lines:
            text = self._lines[crc32(path.encode()) % len(self._lines)]
        return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _integer(schema: dict[str, Any], path: str) -> int:
    step = int(schema.get("multipleOf", 1))
    low: float = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    high: float = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 0) + 11 * step) - 1)
    first, last = math.ceil(low / step), math.floor(high / step)
    return step * (first + crc32(path.encode()) % max(1, last - first + 1))


def _number(schema: dict[str, Any], path: str) -> float:
    if "multipleOf" in schema:
        return float(_integer(schema, path))
    low = float(schema.get("minimum", schema.get("exclusiveMinimum", 0)))
    high = float(schema.get("maximum", schema.get("exclusiveMaximum", low + 1)))
    return round(low + (high - low) * (crc32(path.encode()) % 80 + 10) / 100, 6)
