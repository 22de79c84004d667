"""The gate before every paid call: through it goes only what doors, limits and budgets allow.

`Gate` is a drain's way in: it gathers what its steps want at the same moment and asks the database once.
`enter` and `leave` are those two transactions; every worker of every host goes through them, one at a time,
because they lock the doors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from jobs import breaker, budgets, doors, tallies, turns
from jobs.doors import Key, Traffic
from jobs.errors import JobError, ProviderClosed, ProviderError, ProviderRateLimited, WorkerLost
from jobs.models import Door, ProviderCall, Step
from jobs.providers.contract import Answer, Embedding, Told, Usage, stored
from jobs.sql import kept, update_rows
from jobs.states import Status
from jobs.together import Together

CALL_FIELDS = (
    "outcome", "error_code", "tokens_reserved", "usd_reserved", "tokens_in", "tokens_out", "cost_usd",
    "answer", "finished_at", "model", "shared",
)  # fmt: skip
DOOR_FIELDS = (
    "learned_requests_per_minute", "learned_tokens_per_minute", "failures", "closings", "closed_until",
    "closed_for", "probe_until", "changed_at", "next_for", "next_rank", "next_tokens", "next_until",
)  # fmt: skip

Database = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that a step wants to make.

    Args:
        call: its row, not yet written; the endpoint is filled in when it is let through.
        endpoints: the places that can answer it.
        rank: of its step; the smallest goes first.
        last: whether no other provider comes after this one in the chain.
    """

    call: ProviderCall
    endpoints: tuple[str, ...]
    rank: float
    last: bool


@dataclass(frozen=True, slots=True)
class Later:
    """The call may not go out now, but perhaps in so many seconds; ``error`` says why."""

    seconds: float
    error: JobError


Verdict = ProviderCall | Later | JobError
"""The call, written and let through; or wait; or it may not go out at all."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a call that was let through: an answer, an error, or neither when it was cut off; then
    ``is_unsent`` tells that it never went out, and took nothing."""

    call: ProviderCall
    answer: Answer | Embedding | None = None
    error: JobError | None = None
    is_unsent: bool = False


def enter(wanted: Sequence[Wanted]) -> list[Verdict]:
    """Lets through what may go now, by rank, and reserves for it: nothing of an attempt that was taken from
    its worker, because another may be at its step by now, and would pay for the same. One transaction; to
    try it again after one that was not heard of is safe."""
    with transaction.atomic():
        now = timezone.now()
        written, held = _written(one.call for one in wanted), _held(one.call for one in wanted)
        ways = doors.locked(key for one in wanted for key in _keys(one))
        counted = {key for one in wanted if len(one.endpoints) > 1 for key in _keys(one)}
        through = doors.traffic(
            [door for key, door in ways.items() if key in counted or doors.limits(door).any], now
        )
        purses = budgets.purses({one.call.owner_id for one in wanted}, now)
        moved: dict[int, Door] = {}
        verdicts: dict[int, Verdict] = {}
        for place, one in sorted(enumerate(wanted), key=lambda item: item[1].rank):
            if one.call.pk in written:
                verdicts[place] = one.call
            elif (one.call.step_id, one.call.attempt) in held:
                verdicts[place] = _verdict(one, ways, through, purses, moved, now)
            else:
                verdicts[place] = WorkerLost()
        let_through = [verdict for verdict in verdicts.values() if isinstance(verdict, ProviderCall)]
        ProviderCall.objects.bulk_create([call for call in let_through if call.pk is None])
        update_rows(moved.values(), DOOR_FIELDS)
    return [verdicts[place] for place in range(len(wanted))]


def leave(ended: Sequence[Ended]) -> list[None]:
    """Stores what became of calls, and what that says of their doors. One transaction, as safe to try again;
    gives nothing. A call has ended when that is known to all: what began before could not use its answer."""
    with transaction.atomic():
        now = timezone.now()
        for one in ended:
            _settle(one, now)
        heard = _tell_doors(ended, now)
        written = _written(one.call for one in ended if not one.call.endpoint)
        new = [one.call for one in ended if not one.call.endpoint and one.call.pk not in written]
        _end([one.call for one in ended if one.call not in new])
        _part_from_deleted(new)
        ProviderCall.objects.bulk_create(new)
    _heard.update(heard)
    return [None] * len(ended)


def lose(steps: Collection[int]) -> None:
    """Ends the calls of steps whose worker is gone. They go on counting with what they reserved."""
    left = ProviderCall.objects.filter(step_id__in=steps, outcome=ProviderCall.Outcome.RUNNING)
    left.update(outcome=ProviderCall.Outcome.LOST, finished_at=timezone.now())


def reject(step: int, fingerprints: Collection[str]) -> None:
    """Marks the answers that a step got to these requests as not to be used again."""
    ProviderCall.objects.filter(step_id=step, fingerprint__in=fingerprints).update(rejected=True)


class Gate:
    """A drain's way through the gate.

    Args:
        database: runs a function in the thread that talks to the database, and waits for it again and
            again while the database is away: what was paid must not be lost.
    """

    def __init__(self, database: Database) -> None:
        self._enter = Together(partial(database, enter))
        self._leave = Together(partial(database, leave))
        self._reject = partial(database, reject)
        self._changed = asyncio.Event()
        self._passing: set[asyncio.Future[None]] = set()

    async def enter(self, wanted: Wanted) -> Verdict:
        """Whether ``wanted`` may go out now."""
        with self.passing():
            entering = asyncio.ensure_future(self._enter.ask(wanted))
            try:
                verdict: Verdict = await asyncio.shield(entering)
            except asyncio.CancelledError:
                self._passing.add(giving_up := asyncio.ensure_future(self._give_up(entering)))
                giving_up.add_done_callback(self._passing.discard)
                raise
        return verdict

    async def leave(self, ended: Ended) -> None:
        """Stores what became of a call. Returns when it is stored."""
        with self.passing():
            await self._leave.ask(ended)
        self._changed.set()
        self._changed = asyncio.Event()

    async def empty(self) -> None:
        """Waits until no call is on its way in or out, not even one that nobody wants any more."""
        while self._passing:
            await asyncio.wait(self._passing)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Inside, a call is on its way in or out, even while none of the above is at work."""
        self._passing.add(passing := asyncio.get_running_loop().create_future())
        try:
            yield
        finally:
            self._passing.discard(passing)
            passing.set_result(None)

    async def _give_up(self, entering: asyncio.Future[Verdict]) -> None:
        """Ends a call that was let through when nobody wanted it any more."""
        if isinstance(call := await entering, ProviderCall):
            await self.leave(Ended(call, is_unsent=True))

    async def reject(self, step: int, fingerprints: Collection[str]) -> None:
        """Marks a step's answers to these requests as not to be used again."""
        await self._reject(step, fingerprints)

    async def change(self, seconds: float) -> None:
        """Waits until a call of this drain has ended, but no longer than ``seconds``."""
        changed = self._changed
        try:
            async with asyncio.timeout(seconds):
                await changed.wait()
        except TimeoutError:
            return


def open_doors(which: QuerySet[Door]) -> int:
    """Opens these doors, whatever closed them; how many they were."""
    return which.update(
        failures=0, closings=0, closed_until=None, closed_for="", probe_until=None, changed_at=timezone.now()
    )


def _written(calls: Iterable[ProviderCall]) -> set[int]:
    """Which of these new calls an earlier try did write, only that nobody heard of it; by their ids.

    The others lose the id that they got in a transaction that was rolled back: it may be another's by now.
    """
    numbered = {call.pk: call for call in calls if call.pk is not None}
    if not numbered:
        return set()
    rows = ProviderCall.objects.filter(pk__in=numbered).values_list("pk", "step_id", "attempt", "fingerprint")
    written = {pk for pk, *what in rows if what == _what(numbered[pk])}
    for pk, call in numbered.items():
        if pk not in written:
            call.pk = None
    return written


def _held(calls: Iterable[ProviderCall]) -> set[tuple[int | None, int]]:
    """The steps of these calls that are at work now, each with its attempt. None can be deleted before
    the transaction ends, which else would fail for all."""
    steps = Step.objects.filter(pk__in={call.step_id for call in calls}, status=Status.PROCESSING)
    return {(pk, attempt) for pk, attempt in kept(steps.values_list("pk", "attempts"))}


def _end(calls: Sequence[ProviderCall]) -> None:
    """Writes the ends of calls that have a row. Of one whose job was deleted meanwhile the figures stay, and
    what was answered goes; one that had ended before (its worker was taken for dead) is not counted again."""
    rows = ProviderCall.objects.select_for_update().filter(pk__in=[call.pk for call in calls]).order_by("pk")
    before = {row.pk: row for row in rows.only("step", "outcome", "finished_at")}
    late = []
    for call in calls:
        row = before.get(call.pk)
        if row is None:
            continue
        if row.step_id is None:
            call.answer = None
        if row.finished_at and row.outcome == call.outcome:
            call.finished_at = row.finished_at
        elif row.finished_at and not call.shared:
            late.append(tallies.Late((call.provider, call.model), row.outcome, call.outcome, row.finished_at))
    tallies.count_once(late)
    update_rows(calls, CALL_FIELDS)


def _part_from_deleted(calls: Sequence[ProviderCall]) -> None:
    """Takes calls from steps that are gone, with their job: they would keep the others' from being stored."""
    if calls:
        steps = Step.objects.filter(pk__in={call.step_id for call in calls})
        there = {pk for (pk,) in kept(steps.values_list("pk"))}
        for call in calls:
            if call.step_id not in there:
                call.step, call.answer = None, None


def _what(call: ProviderCall) -> list[Any]:
    return [call.step_id, call.attempt, call.fingerprint]


def _keys(one: Wanted) -> list[Key]:
    return [(one.call.provider, endpoint, one.call.model) for endpoint in one.endpoints]


def _verdict(
    one: Wanted,
    ways: dict[Key, Door],
    through: dict[Key, Traffic],
    purses: budgets.Purses,
    moved: dict[int, Door],
    now: datetime,
) -> Verdict:
    call, own = one.call, [ways[key] for key in _keys(one)]
    caller = turns.Caller(f"{call.step_id} {call.fingerprint}", one.rank, call.tokens_reserved, call.shared)
    seen = {door.pk: through.get(doors.key(door), Traffic()) for door in own}
    waits = {door.pk: turns.wait(door, seen[door.pk], caller, now) for door in own}
    passable = [door for door in own if not waits[door.pk]]
    if not passable:
        first = min(own, key=lambda door: waits[door.pk])
        if turns.wait_in_line(first, seen[first.pk], caller, waits[first.pk], now):
            moved[first.pk] = first
        return _no_way(one, first, waits[first.pk], now)
    moved.update({door.pk: door for door in own if turns.leave_the_line(door, caller)})
    refusal = purses.reserve(call.owner_id, call.usd_reserved)
    if refusal:
        return refusal
    door = doors.least_busy(passable, through)
    call.endpoint, call.started_at = door.endpoint, now
    through.setdefault(doors.key(door), Traffic()).add(call.tokens_reserved, now, shared=call.shared)
    if not call.shared and breaker.let_through(door, now):
        moved[door.pk] = door
    return call


def _no_way(one: Wanted, first: Door, seconds: float, now: datetime) -> Verdict:
    if not breaker.wait(first, now):
        return Later(seconds, ProviderRateLimited("The AI service has all the requests that it may take."))
    if not doors.hands_on(first.closed_for):
        return Later(seconds, ProviderRateLimited(retry_after=seconds))
    closed = ProviderClosed(retry_after=seconds, detail=f"closed for {first.closed_for}")
    return Later(seconds, closed) if one.last else closed


def _settle(one: Ended, now: datetime) -> None:
    """Enters into the call's row what is known of its end."""
    call, told = one.call, _told(one)
    call.finished_at = now
    if one.answer:
        call.outcome, call.answer = ProviderCall.Outcome.SUCCEEDED, stored(one.answer)
        call.model = call.model or one.answer.model
        usage = one.answer.usage
        call.tokens_in, call.tokens_out, call.cost_usd = usage.tokens_in, usage.tokens_out, usage.cost_usd
        return
    call.outcome = ProviderCall.Outcome.FAILED if one.error else ProviderCall.Outcome.CANCELLED
    call.error_code = one.error.code if one.error else ""
    if told.usage:
        call.tokens_in, call.tokens_out = told.usage.tokens_in, told.usage.tokens_out
        call.cost_usd = told.usage.cost_usd
    elif one.is_unsent or (isinstance(one.error, ProviderError) and one.error.free):
        call.tokens_reserved, call.usd_reserved = 0, Decimal(0)


def _told(one: Ended) -> Told:
    told = one.answer.told if one.answer else getattr(one.error, "told", None)
    return told if isinstance(told, Told) else Told()


Said = tuple[int | None, int | None]
"""The requests and the tokens that a service says it takes in a minute."""


def _tell_doors(ended: Sequence[Ended], now: datetime) -> dict[Key, Said]:
    """Moves the doors: read and locked only where something must change, which is seldom. Gives the limits
    that it heard of, for `_heard` once that is written for good."""
    telling = [one for one in ended if one.call.endpoint]
    news = [one for one in telling if not one.answer or _is_news(doors.key(one.call), _told(one))]
    well = {doors.key(one.call) for one in telling if one.answer}
    if news:
        own = doors.locked({doors.key(one.call) for one in telling})
        before = {key: _state(door) for key, door in own.items()}
        for one in telling:
            door = own[doors.key(one.call)]
            if one.answer:
                breaker.succeeded(door, now)
            elif isinstance(one.error, ProviderError):
                breaker.failed(door, one.error, now)
            else:
                breaker.stopped(door, one.call.started_at)
            _learn(door, _told(one), now)
        changed = [door for key, door in own.items() if _state(door) != before[key]]
        for door in changed:
            door.changed_at = now
        update_rows(changed, DOOR_FIELDS)
    elif well:
        _open(well, now)
    return {doors.key(one.call): _said(_told(one)) for one in news if one.answer}


def _open(keys: set[Key], now: datetime) -> None:
    """What `breaker.succeeded` does, as one statement that finds nothing to do nearly always."""
    for provider, endpoint, model in sorted(keys):
        theirs = Door.objects.filter(provider=provider, endpoint=endpoint, model=model)
        open_doors(theirs.filter(Q(failures__gt=0, closed_until=None) | Q(closed_until__lte=now)))


_heard: dict[Key, Said] = {}
"""The limits that this process last entered for a door, so that it need not look each time."""


def _is_news(key: Key, told: Told) -> bool:
    used_up = 0 in (told.requests.left, told.tokens.left)
    return used_up or _said(told) not in ((None, None), _heard.get(key))


def _said(told: Told) -> Said:
    return told.requests.limit, told.tokens.limit


def _learn(door: Door, told: Told, now: datetime) -> None:
    """Takes over what the service says of its limits; a limit that is used up closes the door."""
    if told.requests.limit:
        door.learned_requests_per_minute = told.requests.limit
    if told.tokens.limit:
        door.learned_tokens_per_minute = told.tokens.limit
    for allowance in (told.requests, told.tokens):
        if allowance.left == 0 and allowance.renews_in:
            breaker.failed(door, ProviderRateLimited(retry_after=allowance.renews_in), now)


def _state(door: Door) -> tuple[Any, ...]:
    return tuple(getattr(door, name) for name in DOOR_FIELDS)


def reserve(call: ProviderCall, usage: Usage) -> None:
    """Notes in ``call`` what it may take at most."""
    call.tokens_reserved = (usage.tokens_in or 0) + (usage.tokens_out or 0)
    call.usd_reserved = usage.cost_usd
