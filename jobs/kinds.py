"""The registry of kinds: what AI jobs there are. Features register theirs in their own `kinds.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict

from jobs.errors import UnknownKind
from jobs.outcomes import Succeeded

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from jobs.providers.contract import Answer, Request

Result = TypeVar("Result")


class Nothing(BaseModel):
    """The schema of a kind that takes no input, or has no options."""

    model_config = ConfigDict(extra="forbid")


class Context(Protocol):
    """All that a step may use while it runs.

    Attributes:
        input: the job's input, an instance of the kind's ``input`` model.
        options: the job's options, an instance of the kind's ``options`` model.
        upload: path of the uploaded file, or None. Read-only; its name is not to be trusted.
        filename: the name the person's file had, for showing; "" without a file.
        outputs: by step name, what the steps this one depends on gave; None where one failed that this
            one can do without.
        attempt: number of this attempt, from 1.
        item: what of the list this step is about, where it runs once for each item; else None.
        index: its number in the list, from 1; else 0.
        needed: by job id, the results of the jobs that this job waited for; those that failed, were
            cancelled or are no longer kept have None.
    """

    input: Any
    options: Any
    upload: Path | None
    filename: str
    outputs: Mapping[str, Any]
    attempt: int
    item: Any
    index: int
    needed: Mapping[UUID, Any]

    def progress(self, fraction: float, stage: str = "", **quality: float) -> None:
        """Says how far the step is (0..1), what it does now, and quality indicators known so far.

        Cheap, callable from any thread, and coalesced. In a thread it raises when the step must stop.
        """

    async def ask(self, request: Request, *, stream: bool = True) -> Answer:
        """Asks the step's provider; the answer is stored before it is returned, and found again
        instead of paid again when the step is resumed."""

    async def ask_for(self, request: Request) -> BaseModel:
        """`ask`, then the answer as an instance of ``request.answer``, with one repair attempt."""

    async def embed(self, task: str, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector for each of ``texts``, by the step's provider. What steps want embedded at the same
        moment goes in one request. Stored and found again as answers are."""

    async def in_thread(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Runs blocking or CPU-bound ``work`` off the event loop."""


Run = Callable[[Context], Awaitable[Succeeded]]


class Tolerated(str):
    """The name of a step that may fail: who depends on it goes on without its output."""

    __slots__ = ()


def tolerate(name: str) -> Tolerated:
    """For ``depends_on``: waits for the step called ``name``, but goes on without it when it fails."""
    return Tolerated(name)


@dataclass(frozen=True, slots=True)
class Step:
    """A node of a kind's graph.

    Args:
        name: stable identifier within the kind.
        title: what a person reads, as a noun phrase ("Key decisions").
        run: coroutine function that does the work and returns `Succeeded`.
        depends_on: names of the steps whose outputs it needs; ``tolerate(name)`` where it can do without.
        optional: whether all that depend on it can do without it.
        over: the step whose list it goes through, or ``"step.key"`` where that gives a mapping with a list:
            it then runs once for each item, and its output is the list of theirs, in order.
        items: whether all items are "required", or those that fail are "tolerated": they leave None.
        seconds: cold-start prediction of how long it takes, until attempts tell better; that of one item.
        timeout: seconds it may take; None for ``PROCESSING_TIMEOUT``.
        asks: whether it needs a provider; then it waits in the queue, rather than in a slot, while none of
            its providers takes calls.
    """

    name: str
    title: str
    run: Run
    depends_on: tuple[str, ...] = ()
    optional: bool = False
    over: str = ""
    items: Literal["required", "tolerated"] = "required"
    seconds: float = 2.0
    timeout: float | None = None
    asks: bool = False

    @property
    def tolerates(self) -> tuple[str, ...]:
        """The names of the steps it depends on and can do without."""
        return tuple(str(name) for name in self.depends_on if isinstance(name, Tolerated))

    @property
    def over_step(self) -> str:
        """The name of the step whose list it goes through; "" when it goes through none."""
        return self.over.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job will take, guessed before: USD (None: unknown), tokens, and seconds of work."""

    cost_usd: Decimal | None
    tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Kind:
    """A registered type of AI job.

    Args:
        name: stable identifier, used in the API, in metrics and in the database.
        title: what a person reads ("Meeting analysis").
        description: one sentence on what it is for.
        input: pydantic model of the input; extra fields should be forbidden.
        output: pydantic model that the job's result is validated against.
        steps: the graph. The last one depends, at whatever distance, on all others; its output is the
            job's result.
        options: pydantic model of the options.
        accepts: media types of uploads it takes; empty when it takes none.
        files: what it takes, as people call it ("WebVTT, SubRip or plain text").
        version: raised when the same input would give another result.
        sniff: tells the media type of an upload from its first 64 KB and its name, or None when it is
            not one of ``accepts``. The content decides; the name may only choose between likely ones.
        check_upload: raises `jobs.errors.SubmitError` when the file at ``path`` can't be used; called
            before anything is created, and not again for a file that passed. Arguments: path, filename.
            Returns nothing.
        check_input: raises `jobs.errors.SubmitError` when a validated input can't be worked on for a
            reason that its schema can't tell; called before anything is created. Arguments: the input,
            and whether there is an upload.
        job_title: a title for a job from its validated input and filename.
        estimate: guesses what a job will take from its validated input and options and the upload's size
            in bytes; default: the sum of the steps' seconds and no cost.
        notify: whether its owner is told when it ends.
        template: a template that draws the result on the job page, with ``result`` and ``job`` in
            its context; "" shows it as data.
        markdown: a template that draws the result as Markdown for the export; "" for a generic one.
    """

    name: str
    title: str
    description: str
    input: type[BaseModel]
    output: type[BaseModel]
    steps: tuple[Step, ...]
    options: type[BaseModel] = Nothing
    accepts: tuple[str, ...] = ()
    files: str = ""
    version: int = 1
    sniff: Callable[[bytes, str], str | None] | None = None
    check_upload: Callable[[Path, str], None] | None = None
    check_input: Callable[[Any, bool], None] | None = None
    job_title: Callable[[Any, str], str] | None = None
    estimate: Callable[[Any, Any, int], Estimate] | None = None
    notify: bool = True
    template: str = ""
    markdown: str = ""
    _by_name: dict[str, Step] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({step.name: step for step in self.steps})
        _check_graph(self)

    @property
    def last(self) -> Step:
        """The step whose output is the job's result."""
        return self.steps[-1]

    def step(self, name: str) -> Step:
        """The step called ``name``; KeyError when there is none."""
        return self._by_name[name]


class KindTaken(ImproperlyConfigured):
    """Two kinds have the same name."""


class Registry:
    """Kinds by name."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}

    def register(self, kind: Kind) -> Kind:
        """Adds ``kind`` and returns it; `KindTaken` when its name is."""
        if kind.name in self._kinds:
            raise KindTaken(f"Two kinds are called {kind.name!r}; names must differ.")
        self._kinds[kind.name] = kind
        return kind

    def get(self, name: str) -> Kind:
        """The kind called ``name``; `UnknownKind` when there is none."""
        try:
            return self._kinds[name]
        except KeyError:
            known = ", ".join(sorted(self._kinds)) or "none"
            raise UnknownKind(f"There is no kind {name!r}. Kinds are: {known}.") from None

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[Kind]:
        return iter(sorted(self._kinds.values(), key=lambda kind: kind.name))


RESERVED = "[]."
"""What stands in no step's name: items are called "score[3]", and ``over`` may name a key: "split.parts"."""


class BadGraph(ImproperlyConfigured):
    """The steps of a kind can't be run: they wait for each other, or for a step that there is not."""


registry = Registry()
register = registry.register


def _check_graph(kind: Kind) -> None:
    names = [step.name for step in kind.steps]
    _check_names(kind, names)
    for step in kind.steps:
        for needed in step.depends_on:
            if needed not in names:
                raise BadGraph(
                    f"Step {step.name!r} of kind {kind.name!r} depends on {needed!r}, which is no step."
                )
    try:
        TopologicalSorter({step.name: step.depends_on for step in kind.steps}).prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise BadGraph(f"Steps of kind {kind.name!r} wait for each other: {circle}.") from None
    loose = set(names) - _ancestors(kind, kind.steps[-1].name) - {kind.steps[-1].name}
    if loose:
        raise BadGraph(
            f"The last step of kind {kind.name!r} gives the result, so it must depend on all others; "
            f"it does not on {', '.join(sorted(loose))}."
        )
    for step in kind.steps:
        if step.over:
            _check_fan_out(kind, step)


def _check_names(kind: Kind, names: Sequence[str]) -> None:
    if not names:
        raise BadGraph(f"Kind {kind.name!r} has no steps.")
    if len(set(names)) != len(names):
        raise BadGraph(f"Kind {kind.name!r} has two steps of one name.")
    for name in names:
        if set(name) & set(RESERVED):
            raise BadGraph(
                f"Step {name!r} of kind {kind.name!r} has one of “{RESERVED}” in its name; they are used to "
                "name items."
            )


def _check_fan_out(kind: Kind, step: Step) -> None:
    where = f"Step {step.name!r} of kind {kind.name!r} goes through the list of {step.over_step!r}"
    if step.over_step not in step.depends_on:
        raise BadGraph(f"{where}, so it must depend on it.")
    if step.over_step in step.tolerates or kind.step(step.over_step).optional:
        raise BadGraph(f"{where}, so it can't do without it.")
    if step is kind.last:
        raise BadGraph(f"{where}, but the last step gives the result; let one come after it.")


def _ancestors(kind: Kind, name: str) -> set[str]:
    parents = {step.name: step.depends_on for step in kind.steps}
    found: set[str] = set()
    waiting = list(parents[name])
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting.extend(parents[step])
    return found
