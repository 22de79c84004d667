"""The kind of job that tells when its step started."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from jobs.kinds import Context, Kind, Nothing, Step, register
from jobs.outcomes import Succeeded
from tests.bench.timing import leave_stamp


class Place(BaseModel):
    """Where to leave the stamp: the path of a file."""

    model_config = ConfigDict(extra="forbid")
    path: str


async def stamping(context: Context) -> Succeeded:
    """Leaves the stamp."""
    leave_stamp(context.input.path)
    return Succeeded({})


register(
    Kind(
        name="bench.stamp",
        title="Bench: stamp",
        description="A kind for benchmarks.",
        input=Place,
        output=Nothing,
        steps=(Step("only", "A stamp", stamping, seconds=0.01),),
        notify=False,
    )
)
