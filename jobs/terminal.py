"""A job's progress in a terminal: a bar that moves, or plain lines where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from jobs.following import Sight
from jobs.states import Status

COLOURS = {Status.COMPLETED: "green", Status.FAILED: "red", Status.CANCELLED: "yellow"}


class Show(Protocol):
    """A way to show looks at a job."""

    def __call__(self, sights: Iterable[Sight]) -> Sight:
        """Shows each look as it comes; returns the last one."""


def show_for(console: Console) -> Show:
    """The way that fits ``console``."""
    return Bar(console) if console.is_terminal else Lines(console)


class Bar:
    """One line that is drawn over and over: what goes on, a bar, percent, time left, cost."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, sights: Iterable[Sight]) -> Sight:
        """See `Show`."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rest]}", markup=False),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("Queued", total=1.0, rest="")
            for sight in sights:
                done = sight.job.progress
                progress.update(
                    task, description=sight.doing, completed=done, rest=_rest(sight), refresh=True
                )
        _tell_end(self._console, sight)
        return sight


class Lines:
    """A line whenever something else goes on, or ten percent more are done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, sights: Iterable[Sight]) -> Sight:
        """See `Show`."""
        told: tuple[str, int] | None = None
        for sight in sights:
            news = (sight.doing, int(sight.job.progress * 10))
            if news != told and not sight.is_over:
                text = f"{sight.job.progress:4.0%}  {sight.doing}  {_rest(sight)}"
                self._console.print(text.rstrip(), markup=False)
                told = news
        _tell_end(self._console, sight)
        return sight


def _rest(sight: Sight) -> str:
    left = "" if sight.eta_seconds is None else f"{_duration(sight.eta_seconds)} left, "
    return f"{left}{sight.cost}"


def _duration(seconds: float) -> str:
    whole = max(1, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes}:{rest:02}" if minutes else f"{rest} s"


def _tell_end(console: Console, sight: Sight) -> None:
    job = sight.job
    status = Status(job.status)
    why = f": {job.error_message}" if status == Status.FAILED else ""
    console.print(
        f"{job.title}: {status.label.lower()}{why} ({sight.cost})", style=COLOURS[status], markup=False
    )
