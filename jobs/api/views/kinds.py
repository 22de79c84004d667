"""Which kinds of job there are."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.answers import KindsGiven
from jobs.api.endpoint import Endpoint
from jobs.api.openapi import operation
from jobs.kinds import Kind, registry


class Kinds(Endpoint):
    """The kinds."""

    @operation("kinds_list", {200: KindsGiven})
    def get(self, request: Request) -> Response:
        """All kinds of job there are, with what each takes and the steps it goes through."""
        return Response([kind_data(kind) for kind in registry])


def kind_data(kind: Kind) -> dict[str, Any]:
    """The kind as the API shows it."""
    return {
        "name": kind.name,
        "title": kind.title,
        "description": kind.description,
        "accepts": list(kind.accepts),
        "input_schema": kind.input.model_json_schema(),
        "options_schema": kind.options.model_json_schema(),
        "steps": [
            {
                "name": step.name,
                "title": step.title,
                "depends_on": list(step.depends_on),
                "optional": step.optional,
                "over": step.over or None,
                "tolerates": list(step.tolerates),
            }
            for step in kind.steps
        ],
    }
