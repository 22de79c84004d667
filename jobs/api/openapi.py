"""How the API describes itself: the few things that all operations of the OpenAPI document share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from drf_spectacular.contrib.pydantic import PydanticExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from pydantic import BaseModel

from jobs.api.answers import BudgetProblemGiven, ProblemGiven
from jobs.api.problems import MEDIA_TYPE

Handler = TypeVar("Handler", bound=Callable[..., Any])

FILE: dict[str, Any] = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}
ANYTHING: dict[str, Any] = {"type": "object", "additionalProperties": True}
TEXT: dict[str, Any] = {"type": "string"}
ALWAYS = (401, 403, 429, 500)
"""Statuses that any operation may answer with."""
KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A key of your own, such as a UUID. The same request with the same key is done once, and "
    "answered again with `Idempotency-Replayed: true`; another request with that key gets 422.",
)
PROBLEMS = {402: BudgetProblemGiven}
"""Answers of errors that tell more than `ProblemGiven`, by status."""
EXAMPLES = {
    400: ("bad_input", "“kind” of the request: This is needed, and missing."),
    402: (
        "budget_exceeded",
        (
            "This would cost more than is left of your budget for today: $0.1250. "
            "It renews at 2026-01-02 00:00 UTC."
        ),
    ),
    404: ("no_such_object", "There is no such job of yours."),
    409: ("not_allowed_now", "This job is completed; only one that is not over can be cancelled."),
    410: ("result_pruned", "The result of this job was deleted to make room. Submit the job again."),
    413: ("file_too_big", "The file is too big; at most 25 MB are taken. Hand in a smaller one."),
    415: ("unsupported_file_type", "“photo.vtt” is none of the types that are taken, going by its content."),
    429: ("too_many_jobs", "You have as many jobs waiting as one person may. Try again when some are done."),
}


MORE: dict[int, dict[str, str]] = {402: {"left_usd": "0.125", "renews_at": "2026-01-02T00:00:00Z"}}
"""What such answers tell besides, in the examples."""


class PydanticModels(PydanticExtension):  # type: ignore[no-untyped-call]
    """Describes requests as they may be sent: what has a default may be left out."""

    priority = 1

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> Any:
        """The JSON schema of the model, with its parts as components of their own."""
        schema: dict[str, Any] = self.target.model_json_schema(
            ref_template="#/components/schemas/{model}",
            mode="validation" if direction == "request" else "serialization",
        )
        for name, part in schema.pop("$defs", {}).items():
            auto_schema.registry.register_on_missing(
                ResolvedComponent(  # type: ignore[no-untyped-call]
                    name=name, type=ResolvedComponent.SCHEMA, object=name, schema=part
                )
            )
        return schema


def operation(
    name: str,
    answers: Mapping[int, Any],
    problems: Sequence[int] = (),
    *,
    request: Any = None,
    parameters: Sequence[OpenApiParameter] = (),
    keyed: bool = False,
) -> Callable[[Handler], Handler]:
    """Describes a handler.

    Args:
        name: of the operation, for clients that are generated.
        answers: by status, a pydantic model, or a schema; None where there is no body.
        problems: statuses of the errors that are special to it.
        request: what it takes.
        parameters: what may follow the question mark.
        keyed: whether it honours an ``Idempotency-Key``.
    """
    failures = sorted({*problems, *ALWAYS, *((409, 422) if keyed else ())})
    return extend_schema(
        operation_id=name,
        request=request,
        parameters=[*parameters, *([KEY] if keyed else [])],
        responses={
            **{(status, "application/json") if model else status: model for status, model in answers.items()},
            **{(status, MEDIA_TYPE): PROBLEMS.get(status, ProblemGiven) for status in failures},
        },
        examples=[_example(status) for status in failures if status in EXAMPLES],
        tags=[name.partition("_")[0]],
    )


def header(name: str, description: str, *, required: bool = True) -> OpenApiParameter:
    """A header that an operation takes."""
    return OpenApiParameter(
        name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=description, required=required
    )


def parameters(model: type[BaseModel]) -> list[OpenApiParameter]:
    """The fields of ``model``, as what may follow the question mark."""
    schema = model.model_json_schema()
    parts = schema.get("$defs", {})
    return [
        OpenApiParameter(
            name, _plain(field, parts), description=field.get("description", ""), default=field.get("default")
        )
        for name, field in schema["properties"].items()
    ]


def _plain(field: dict[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that may be left out, which is what null stands for here."""
    options = [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    chosen = options[0]
    if "$ref" in chosen:
        chosen = parts[chosen["$ref"].rpartition("/")[2]]
    return {name: value for name, value in chosen.items() if name not in ("title", "default", "description")}


def _example(status: int) -> OpenApiExample:
    code, detail = EXAMPLES[status]
    return OpenApiExample(
        code,
        value={
            "type": f"/problems/{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
            **MORE.get(status, {}),
        },
        response_only=True,
        status_codes=[str(status)],
        media_type=MEDIA_TYPE,
    )
