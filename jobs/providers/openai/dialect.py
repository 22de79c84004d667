"""What of the protocol a service understands: many speak OpenAI's with parts of it missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from jobs.providers.contract import Request
from jobs.providers.openai import prompt
from jobs.providers.openai.schema import strict

EFFORT = "low"
"""Of thinking, which counts as output: with more, a model may spend all of `max_output_tokens` on it."""


class Form(StrEnum):
    """How the service is told what form the answer must have, best first."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    WORDS = "words"


SIMPLER = {Form.SCHEMA: Form.OBJECT, Form.OBJECT: Form.WORDS}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The parameters that a service takes.

    Args:
        form: how it is told the form of the answer.
        limit: its name for the most tokens that an answer may have.
        effort: whether it takes a reasoning effort.
        usage: whether it takes the wish to be told, in a stream, what was used.
    """

    form: Form = Form.SCHEMA
    limit: str = "max_completion_tokens"
    effort: bool = True
    usage: bool = True

    def messages(self, request: Request) -> list[dict[str, str]]:
        """``request`` as chat messages, with the schema in words where it can't be sent otherwise."""
        return prompt.messages(request, schema_in_words=self.form != Form.SCHEMA)

    def parameters(self, request: Request, *, streamed: bool) -> dict[str, Any]:
        """All other parameters of the call."""
        asked: dict[str, Any] = {self.limit: request.max_output_tokens}
        if self.effort:
            asked["reasoning_effort"] = EFFORT
        if request.answer is not None and self.form == Form.SCHEMA:
            asked["response_format"] = {"type": Form.SCHEMA, "json_schema": strict(request.answer)}
        elif request.answer is not None and self.form == Form.OBJECT:
            asked["response_format"] = {"type": Form.OBJECT}
        if streamed:
            asked["stream"] = True
            if self.usage:
                asked["stream_options"] = {"include_usage": True}
        return asked

    def without(self, asked: dict[str, Any], said: str) -> Dialect | None:
        """The next simpler dialect after a refusal; None when that was not about what was ``asked``.

        Args:
            asked: the parameters that were sent.
            said: all that the service said of its refusal.
        """
        simpler = self
        if "response_format" in asked and _names(said, "response_format", "json_schema", "json_object"):
            simpler = replace(simpler, form=SIMPLER[self.form])
        if "max_completion_tokens" in asked and _names(said, "max_completion_tokens"):
            simpler = replace(simpler, limit="max_tokens")
        # Ollama calls it thinking: "model" does not support thinking.
        if "reasoning_effort" in asked and _names(said, "reasoning_effort", "support thinking"):
            simpler = replace(simpler, effort=False)
        if "stream_options" in asked and _names(said, "stream_options", "include_usage"):
            simpler = replace(simpler, usage=False)
        return simpler if simpler != self else None


def _names(said: str, *names: str) -> bool:
    return any(name in said.lower() for name in names)
