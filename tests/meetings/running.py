"""Running the meeting kind's steps without the engine: a context in memory, and the steps in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from jobs.kinds import Kind, registry
from jobs.outcomes import Succeeded
from jobs.providers.contract import Answer, Request, Usage
from shipspeak.meetings.schemas import MeetingInput, MeetingOptions, MeetingReport

Reply = Callable[[Request], BaseModel | str]


def offline(request: Request) -> BaseModel | str:
    """The offline answer, as the local provider gives it."""
    assert request.offline is not None
    return request.offline()


@dataclass
class FakeContext:
    """`jobs.kinds.Context` in memory. Keeps what was asked and all that was reported."""

    input: Any
    options: Any
    upload: Path | None = None
    filename: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 1
    item: Any = None
    index: int = 0
    needed: Mapping[UUID, Any] = field(default_factory=dict)
    reply: Reply = offline
    asked: list[Request] = field(default_factory=list)
    reported: list[tuple[float, str, dict[str, float]]] = field(default_factory=list)

    def progress(self, fraction: float, stage: str = "", **quality: float) -> None:
        self.reported.append((fraction, stage, quality))

    async def ask(self, request: Request, *, stream: bool = True) -> Answer:
        self.asked.append(request)
        made = await self.in_thread(self.reply, request)
        text = made if isinstance(made, str) else made.model_dump_json()
        return Answer("fake", "fake", text, Usage(), offline=self.reply is offline)

    async def ask_for(self, request: Request) -> BaseModel:
        answer = await self.ask(request)
        assert request.answer is not None
        return request.answer.model_validate_json(answer.text)

    async def embed(self, task: str, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Steps of meetings embed nothing."""
        raise NotImplementedError

    async def in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        with ThreadPoolExecutor(1) as threads:
            return await asyncio.get_running_loop().run_in_executor(threads, work, *arguments)


@dataclass
class Run:
    """What a run of all steps gave: by step the output and the context, and the report."""

    outputs: dict[str, Any]
    contexts: dict[str, FakeContext]
    outcomes: dict[str, Succeeded]

    @property
    def report(self) -> MeetingReport:
        return MeetingReport.model_validate(self.outputs["report"])


def meeting() -> Kind:
    """The kind under test, as registered."""
    return registry.get("meeting")


async def run(
    text: str = "",
    *,
    upload: Path | None = None,
    filename: str = "",
    reply: Reply = offline,
    without: frozenset[str] = frozenset(),
    **options: Any,
) -> Run:
    """Runs every step of the meeting kind, one after the other; those in ``without`` fail."""
    done = Run({}, {}, {})
    for step in meeting().steps:
        if step.name in without:
            done.outputs[step.name] = None
            continue
        context = FakeContext(
            MeetingInput(text=text),
            MeetingOptions(**options),
            upload,
            filename,
            {name: done.outputs[name] for name in step.depends_on},
            reply=reply,
        )
        outcome = await step.run(context)
        output = outcome.output
        done.contexts[step.name] = context
        done.outcomes[step.name] = outcome
        done.outputs[step.name] = output.model_dump(mode="json") if isinstance(output, BaseModel) else output
    return done
