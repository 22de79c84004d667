"""Kinds made for testing the engine: each shows one thing that steps can do."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from jobs.errors import InvalidData, ProviderUnavailable
from jobs.kinds import Context, Kind, Nothing, Step, register, tolerate
from jobs.outcomes import Succeeded
from jobs.providers.contract import Request


class Anything(BaseModel):
    """An output with whatever is in it."""

    model_config = ConfigDict(extra="allow")


class Pace(BaseModel):
    """How long each step takes, and how it reports."""

    model_config = ConfigDict(extra="forbid")
    seconds: float = Field(default=0.5, ge=0, le=600)
    ticks: int = Field(default=10, ge=1, le=1000)


class Trouble(BaseModel):
    """How often a step fails before it succeeds."""

    model_config = ConfigDict(extra="forbid")
    failures: int = Field(default=1, ge=0)
    permanent: bool = False


class Words(BaseModel):
    """A prompt."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1)


async def nothing(context: Context) -> Succeeded:
    return Succeeded({})


async def slowly(context: Context) -> Succeeded:
    for tick in range(context.input.ticks):
        context.progress(tick / context.input.ticks, f"tick {tick}")
        await asyncio.sleep(context.input.seconds / context.input.ticks)
    return Succeeded({"attempt": context.attempt}, {"confidence": 0.9})


async def silently(context: Context) -> Succeeded:
    await asyncio.sleep(context.input.seconds)
    return Succeeded({})


def _spin(context: Context) -> dict[str, Any]:
    end = time.monotonic() + context.input.seconds
    while time.monotonic() < end:
        context.progress(0.5, "computing")
        sum(range(10_000))
    return {"attempt": context.attempt}


async def computing(context: Context) -> Succeeded:
    return Succeeded(await context.in_thread(_spin, context))


async def troubled(context: Context) -> Succeeded:
    if context.input.permanent:
        raise InvalidData("This input can't be worked on. Change it and submit it again.")
    if context.attempt <= context.input.failures:
        raise ProviderUnavailable
    return Succeeded({"attempt": context.attempt})


async def broken(context: Context) -> Succeeded:
    raise RuntimeError("a bug")


async def asking(context: Context) -> Succeeded:
    request = Request("tests.echo", "Say it back.", context.input.text, offline=lambda: context.input.text)
    answer = await context.ask(request)
    return Succeeded({"text": answer.text})


async def embedding(context: Context) -> Succeeded:
    vectors = await context.embed("tests.embed", [context.input.text, context.input.text.upper()])
    return Succeeded({"vectors": [list(vector) for vector in vectors]})


class Number(BaseModel):
    """The answer of a provider that can read."""

    number: int


async def counting(context: Context) -> Succeeded:
    request = Request(
        "tests.number",
        "Give the number.",
        context.input.text,
        answer=Number,
        offline=lambda: Number(number=42),
    )
    return Succeeded(await context.ask_for(request))


async def asking_then_failing(context: Context) -> Succeeded:
    done = await asking(context)
    if context.attempt == 1:
        raise ProviderUnavailable
    return done


async def asking_then_waiting(context: Context) -> Succeeded:
    done = await asking(context)
    if context.attempt == 1:
        await asyncio.Event().wait()
    return Succeeded({**done.output, "attempt": context.attempt})


ODD = {"set": {1, 2}, "nan": float("nan"), "text": "\ud800 and \0 are no text"}


async def oddly(context: Context) -> Succeeded:
    return Succeeded({"value": ODD[context.input.text]})


async def deafly(context: Context) -> Succeeded:
    return Succeeded(await context.in_thread(time.sleep, context.input.seconds))


class Parts(BaseModel):
    """How long a list is, and which of its items fail."""

    model_config = ConfigDict(extra="forbid")
    count: int = Field(default=3, ge=0)
    bad: list[int] = []


async def splitting(context: Context) -> Succeeded:
    return Succeeded({"parts": [{"number": number} for number in range(1, context.input.count + 1)]})


async def scoring(context: Context) -> Succeeded:
    if context.index in context.input.bad:
        raise InvalidData(f"Part {context.index} can't be worked on.")
    return Succeeded(context.item["number"] ** 2, {"confidence": 1 / context.index})


async def needing(context: Context) -> Succeeded:
    return Succeeded({"needed": {str(job): result for job, result in context.needed.items()}})


async def joining(context: Context) -> Succeeded:
    return Succeeded({"parts": dict(context.outputs)})


def _kind(name: str, asked: type[BaseModel], *steps: Step) -> Kind:
    return register(
        Kind(
            name=f"test.{name}",
            title=f"Test: {name}",
            description="A kind for tests.",
            input=asked,
            output=Anything,
            steps=steps,
            notify=name != "noop",
        )
    )


_kind("noop", Nothing, Step("only", "Nothing", nothing, seconds=0.01))
_kind("slow", Pace, Step("only", "Slow work", slowly, seconds=1))
_kind("silent", Pace, Step("only", "Silent work", silently, seconds=1))
_kind("computing", Pace, Step("only", "Computing", computing, seconds=1))
_kind("flaky", Trouble, Step("only", "Flaky work", troubled, seconds=0.1))
_kind("broken", Nothing, Step("only", "Broken work", broken, seconds=0.1))
_kind(
    "odd",
    Words,
    Step("odd", "Odd output", oddly, seconds=0.1),
    Step("end", "End", joining, depends_on=("odd",), seconds=0.1),
)
_kind("deaf", Pace, Step("only", "Deaf work", deafly, seconds=1))
_kind("number", Words, Step("only", "A number", counting, seconds=1, asks=True))
_kind("ask_then_fail", Words, Step("only", "A question", asking_then_failing, seconds=1, asks=True))
_kind("ask_then_wait", Words, Step("only", "A question", asking_then_waiting, seconds=1, asks=True))
_kind("embed", Words, Step("only", "Vectors", embedding, seconds=1, asks=True))
_kind("ask", Words, Step("only", "A question", asking, seconds=1, asks=True))
_kind(
    "paid_chain",
    Words,
    Step("word", "A question", asking, seconds=1, asks=True),
    Step("number", "A number", counting, depends_on=("word",), seconds=1, asks=True),
    Step("end", "End", joining, depends_on=("word", "number"), seconds=0.1),
)
_kind(
    "chain",
    Pace,
    Step("first", "First part", slowly),
    Step("second", "Second part", slowly, depends_on=("first",)),
    Step("third", "Third part", joining, depends_on=("first", "second")),
)
_kind(
    "diamond",
    Trouble,
    Step("start", "Start", nothing, seconds=0.1),
    Step("left", "Left side", nothing, depends_on=("start",), seconds=0.1),
    Step("right", "Right side", troubled, depends_on=("start",), seconds=0.1),
    Step("end", "End", joining, depends_on=("left", "right"), seconds=0.1),
)
_kind(
    "optional",
    Trouble,
    Step("needed", "Needed part", nothing, seconds=0.1),
    Step("extra", "Extra part", troubled, optional=True, seconds=0.1),
    Step("end", "End", joining, depends_on=("needed", "extra"), seconds=0.1),
)
_kind(
    "fan",
    Parts,
    Step("split", "Split", splitting, seconds=0.1),
    Step("score", "Score", scoring, depends_on=("split",), over="split.parts", seconds=0.1),
    Step("end", "End", joining, depends_on=("score",), seconds=0.1),
)
_kind(
    "tolerant_fan",
    Parts,
    Step("split", "Split", splitting, seconds=0.1),
    Step(
        "score", "Score", scoring, depends_on=("split",), over="split.parts", items="tolerated", seconds=0.1
    ),
    Step("end", "End", joining, depends_on=("score",), seconds=0.1),
)
_kind(
    "edges",
    Nothing,
    Step("start", "Start", nothing, seconds=0.1),
    Step("strict", "Strict part", nothing, depends_on=("start",), seconds=0.1),
    Step("easy", "Easy part", joining, depends_on=(tolerate("start"),), seconds=0.1),
    Step("end", "End", joining, depends_on=(tolerate("strict"), "easy"), seconds=0.1),
)
_kind("needing", Nothing, Step("only", "Uses others", needing, seconds=0.01))
