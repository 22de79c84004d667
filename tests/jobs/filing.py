"""A kind that takes files which begin with a NUL and "FILE", and refuses those in which nothing follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from jobs.errors import SubmitError
from jobs.kinds import Context, Kind, Step
from jobs.outcomes import Succeeded
from tests.kinds.kinds import Anything

MEDIA_TYPE = "application/x-filing"
CONTENT = b"\0FILE Ada: We ship on Friday."
RESULT: dict[str, Any] = {
    "title": "Ship <b>it</b>",
    "speakers": [
        {"name": "=HYPERLINK(1)", "talk": {"value": 3.5, "why": ""}, "words": ["a", "b"]},
        {"name": "Ada, B.", "talk": {"value": None, "why": "no times"}, "words": []},
    ],
    "topics": [{"title": "[click](javascript:x)"}],
}


class Colour(BaseModel):
    model_config = ConfigDict(extra="forbid")
    shade: str = "any"


class Filed(BaseModel):
    """What comes out, in this order."""

    title: str
    speakers: list[Anything]
    topics: list[Anything]


def sniff(head: bytes, filename: str) -> str | None:
    return MEDIA_TYPE if head.startswith(b"\0FILE") else None


def check(path: Path, filename: str) -> None:
    if path.stat().st_size <= len("\0FILE "):
        raise SubmitError("There is nothing in this file.")


async def run(context: Context) -> Succeeded:
    return Succeeded(RESULT)


FILING = Kind(
    name="test.filing",
    title="Filing",
    description="Files what it is given.",
    input=Colour,
    options=Colour,
    output=Filed,
    steps=(Step("file", "Filing", run, seconds=1),),
    accepts=(MEDIA_TYPE,),
    sniff=sniff,
    check_upload=check,
    job_title=lambda asked, filename: filename or "Filing",
)
