"""The drain: claims queued steps and runs many of them at once, until its time is up.

It is a django-q2 task. One coroutine, the pump, turns round and round: it settles what has finished,
claims what there is room for, and sleeps until a step ends, the doorbell rings or a poll is due. All
its database work happens in one thread, a transaction a turn; steps run on the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from jobs import admission, claims, live, needs, pausing, queue, rescue, schedules, slots, tallies, tokens
from jobs.chores import UNREACHABLE, chore
from jobs.claims import Claim, Settlement
from jobs.context import StepContext
from jobs.embedding import Embedder
from jobs.errors import UnexpectedError
from jobs.executor import execute, prepare
from jobs.gate import Gate
from jobs.ledger import Spent
from jobs.models import Step, Worker
from jobs.outcomes import Failed, Outcome, Released
from jobs.providers import chain
from jobs.providers.characters import storable
from jobs.states import Status
from jobs.threads import Threads
from jobs.transitions import Moves
from realtime.doorbell import Listener

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

LIFETIME_SECONDS = 3600.0
"""A drain ends after this and asks for its successor, well before django-q2's own timeout."""
POLL_SECONDS = 0.25
"""Behind the doorbell: how long a queued step waits at most when every bell was lost."""
TELL_SECONDS = 0.1
"""How often a step's progress goes out at most."""
LOOK_SECONDS = 0.5
"""How often a drain looks whether its steps are still its own, so that cancelling takes under a second."""
KEEP_SECONDS = 1.0
"""How often progress is written, positions told and leases of others looked at."""
STOP_GRACE_SECONDS = 5.0
"""How long running steps may go on once the drain was told to stop."""
TIME_UP_GRACE_SECONDS = 600.0
"""How long they may go on once its time is up; it claims nothing more then."""
ASLEEP_SECONDS = 5.0
"""Who finds that so much time has passed since it last looked has been asleep, or stalled."""
AWAY_SECONDS = 1.0
"""How long a drain waits before it begins anew with a database that was away."""
KEEP_AGAIN_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
"""The waits between tries to enter a call, or to store a paid answer."""


def drain(host: str = "", hops: int = 0) -> None:
    """Runs one drain in a free slot of this host; ends at once when all are taken.

    Args:
        host: whose drain is wanted. Another's is passed on: a host that loses its tokens to others that
            have no use for them would never run a drain.
        hops: how often it may still be passed on.
    """
    if hops and host not in ("", slots.host()):
        tokens.send(host, hops - 1)
        return
    slot = None
    try:
        with slots.free_slot() as slot:
            if slot is None:
                return
            asyncio.run(Drain(slot).run())
    finally:
        if slot is not None:
            tokens.send()


class Drain:
    """One run of the pump, in one slot."""

    def __init__(self, slot: int, lifetime: float = LIFETIME_SECONDS) -> None:
        self.worker = Worker(
            host=slots.host(), pid=os.getpid(), slot=slot, concurrency=settings.PROCESSING_CONCURRENCY
        )
        self._ends_at = time.monotonic() + lifetime
        self._running: dict[asyncio.Task[Outcome], StepContext] = {}
        self._finished: list[Settlement] = []
        self._wake = asyncio.Event()
        self._gone_at = self._ends_at + TIME_UP_GRACE_SECONDS
        self._claiming = True
        self._siblings = 1
        self._due: dict[str, float] = {}
        self._places = live.PlaceTeller()
        self._database = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._threads = Threads()
        self._gate = Gate(self._db_for_sure)
        self._watch = admission.Watch()
        self._embedder = Embedder(self._gate)
        self._kept_at = time.time()
        self._is_in_doubt = False

    async def run(self) -> None:
        """Turns until the time is up or a SIGTERM comes, then gives back what still runs."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop)
        with Listener("worker") as bell:
            loop.add_reader(bell.fileno(), self._rung, bell)
            try:
                await self._work()
            finally:
                loop.remove_reader(bell.fileno())
                loop.remove_signal_handler(signal.SIGTERM)
                await self._db(self._close)
                self._database.shutdown()
                self._threads.close()
                await chain.close()

    async def _work(self) -> None:
        """Turns to the end. Whatever ends it: no step, and no call of one, goes on without its database."""
        try:
            await self._db(self._sign_on)
            while not self._over():
                await self._turn()
                await self._pause()
        finally:
            await self._stop_running()
            await self._gate.empty()
            await self._db(self._settle, self._finished)
            await self._db(self._sign_off)

    def stop(self) -> None:
        """Ends the drain: no more claims, a short grace for what runs."""
        self._claiming = False
        self._gone_at = min(self._gone_at, time.monotonic() + STOP_GRACE_SECONDS)
        self._wake.set()

    def _over(self) -> bool:
        now = time.monotonic()
        self._claiming = self._claiming and now < self._ends_at
        return now > self._gone_at or not (self._claiming or self._running or self._finished)

    # The turn of the pump

    async def _turn(self) -> None:
        settling, self._finished = self._finished, []
        if settling:
            self._due["claim"] = 0.0
        try:
            await self._db(self._settle, settling)
        except UNREACHABLE:
            self._finished = settling + self._finished
            await self._database_is_away()
            return
        try:
            for claim in await self._db(self._claim_safely):
                self._launch(claim)
            await self._upkeep()
        except UNREACHABLE:
            await self._database_is_away()

    async def _database_is_away(self) -> None:
        """Begins anew with the database a little later; nothing that has finished is forgotten."""
        logger.exception("the database does not answer; trying again")
        self._is_in_doubt = True
        await self._db(self._close)
        await asyncio.sleep(AWAY_SECONDS)

    def _settle(self, settling: list[Settlement]) -> None:
        """Settles all at once; if one of them can't be written, each alone, so that it harms no other."""
        if not settling:
            return
        with chore("keeping the progress"):
            self._keep_siblings(settling)
        try:
            claims.settle(settling)
        except UNREACHABLE:
            raise
        except Exception:
            logger.exception("an outcome can't be written; writing each by itself")
            for one in settling:
                self._settle_alone(one)

    def _settle_alone(self, one: Settlement) -> None:
        try:
            claims.settle([one])
        except UNREACHABLE:
            raise
        except Exception as error:
            logger.exception("the outcome of step %s can't be written", one.claim.step.pk)
            failed = Failed(UnexpectedError(detail=storable(repr(error))))
            claims.settle([Settlement(one.claim, failed, Spent())])

    def _keep_siblings(self, settling: list[Settlement]) -> None:
        """Writes how far other steps of the same jobs are, so that the events don't tell less."""
        jobs = {one.claim.job.pk for one in settling}
        live.keep_progress([one for one in self._running.values() if one.claim.job.pk in jobs])

    def _claim_safely(self) -> list[Claim]:
        """`_claim`. What it claimed before it failed is taken back soon."""
        with chore("claiming"):
            return self._claim()
        self._is_in_doubt = True
        self._due["claim"] = time.time() + KEEP_SECONDS
        return []

    def _claim(self) -> list[Claim]:
        room = settings.PROCESSING_CONCURRENCY - len(self._running) if self._claiming else 0
        if room <= 0 or not self._is_due("claim", 0.0) or not queue.has_work():
            return []
        claims.wake_due()
        claimed = claims.claim(self.worker.pk, room, self._siblings, self._watch.policies())
        if not claimed:  # limits hold back what is queued, or another worker is at it
            self._due["claim"] = time.time() + POLL_SECONDS
        return claimed

    def _launch(self, claim: Claim) -> None:
        context = prepare(claim, self._gate, self._embedder, self._threads)
        if isinstance(context, Failed):
            self._finish(Settlement(claim, context, Spent()))
            return
        task = asyncio.create_task(execute(context))
        self._running[task] = context
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Outcome]) -> None:
        context = self._running.pop(task)
        outcome = Released() if task.cancelled() else task.result()
        self._finish(Settlement(context.claim, outcome, context.spent))

    def _finish(self, settlement: Settlement) -> None:
        self._finished.append(settlement)
        self._wake.set()

    def _rung(self, bell: Listener) -> None:
        bell.receive_all()
        self._due["look"] = self._due["claim"] = 0.0
        self._wake.set()

    async def _pause(self) -> None:
        """Sleeps until something happened, or a poll is due."""
        if self._finished:
            return
        seconds = TELL_SECONDS if self._running else POLL_SECONDS
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        self._wake.clear()

    # What is done beside, each in its time

    async def _upkeep(self) -> None:
        if self._is_due("tell", TELL_SECONDS):
            with chore("telling how far the steps are"):
                self._tell()
        if self._running and self._is_due("look", LOOK_SECONDS):
            with chore("looking whose the steps are"):
                await self._drop_lost()
        if self._is_due("beat", settings.WORKER_HEARTBEAT_INTERVAL):
            await self._db(self._beat)
        if self._is_due("keep", KEEP_SECONDS):
            await self._db(self._keep)

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.time()  # goes on while the machine sleeps, as leases do
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _tell(self) -> None:
        silent_too = self._is_due("tell all", KEEP_SECONDS)
        spent: defaultdict[UUID, list[Spent]] = defaultdict(list)
        for context in self._running.values():
            spent[context.claim.job.pk].append(context.spent)
        items: set[tuple[UUID, str]] = set()
        for context in self._running.values():
            if context.live.changed or silent_too:
                self._tell_one(context, spent[context.claim.job.pk], items, silent_too)

    def _tell_one(
        self, context: StepContext, spent: list[Spent], items: set[tuple[UUID, str]], silent_too: bool
    ) -> None:
        """Tells how far a step is. Of many items one speaks for all, once a second: that sums all up (11 ms
        for a thousand)."""
        of = (context.claim.job.pk, context.claim.step.part_of)
        if context.index and (not silent_too or of in items):
            live.advance(context)
        else:
            items.add(of)
            live.tell_progress(context, spent)

    async def _drop_lost(self) -> None:
        """Stops the steps that are no longer this drain's (cancelled, or taken back), and those of what is
        paused: these go back to the queue unharmed."""
        contexts = list(self._running.values())
        held = await self._db(self._held, [one.claim.step.pk for one in contexts])
        paused = await self._db(pausing.to_stop, {one.claim.job.kind for one in contexts})
        if paused:
            self._watch.forget()
        for task, context in list(self._running.items()):
            is_lost = held.get(context.claim.step.pk) != (Status.PROCESSING, context.attempt)
            if is_lost or context.claim.job.kind in paused:
                context.stop()
                task.cancel()

    def _held(self, ids: list[int]) -> dict[int, tuple[str, int]]:
        rows = Step.objects.filter(pk__in=ids).values_list("pk", "status", "attempts")
        return {pk: (status, attempts) for pk, status, attempts in rows}

    def _keep(self) -> None:
        """Writes progress, takes back what others lost, submits what is due, tells places in the queue."""
        with chore("keeping the progress"):
            contexts = list(self._running.values())
            live.keep_progress(contexts)
            live.refresh(contexts)
        with chore("taking back what it never heard of"):
            self._recall_claims()
        slept, self._kept_at = self._has_slept(), time.time()
        if not slept:
            with chore("taking back the steps of lost workers"):
                rescue.rescue_expired(besides=self.worker.pk)
        with chore("submitting the scheduled jobs"):
            schedules.run_due()
        if self.worker.slot == 0:
            with chore("letting jobs go that wait for others"):
                Moves.let_go(needs.left_behind())
            with chore("telling the places in the queue"):
                self._places.tell()

    def _has_slept(self) -> bool:
        """Whether this drain did nothing for long. Others may have slept as well, and are given the time to
        beat before they are taken for dead."""
        return time.time() - self._kept_at > ASLEEP_SECONDS

    def _recall_claims(self) -> None:
        """Takes back what was claimed by a transaction that the database never confirmed."""
        if self._is_in_doubt:
            rescue.rescue_forgotten(self.worker.pk, self._held_steps())
            self._is_in_doubt = False

    def _held_steps(self) -> list[int]:
        """What the drain really holds. A step that ends meanwhile is in it, perhaps twice."""
        running = [one.claim.step.pk for one in list(self._running.values())]
        return running + [one.claim.step.pk for one in list(self._finished)]

    def _beat(self) -> None:
        """Says that the drain lives, renews the leases of what it really runs, and misses the missing.

        One drain of each host also adds up what has ended.
        """
        now = timezone.now()
        mine = self._held_steps()
        Worker.objects.filter(pk=self.worker.pk).update(
            seen_at=now, ended_at=None, in_flight=len(self._running)
        )
        Step.objects.filter(pk__in=mine, worker=self.worker.pk, status=Status.PROCESSING).update(
            lease_until=now + timedelta(seconds=settings.LEASE_SECONDS)
        )
        with chore("counting the workers"):
            self._siblings = max(1, queue.live_workers())
        if not self._has_slept():
            with chore("ending workers that nobody has seen"):
                rescue.bury_unseen()
        with chore("asking for the other drains"):
            tokens.want_all_drains()
        if self.worker.slot == 0:
            with chore("adding up what has ended"):
                tallies.fold()

    # Beginning and end

    def _sign_on(self) -> None:
        chain.providers()  # imports what they stand on, here rather than on the event loop
        self.worker.save(force_insert=True)
        rescue.bury(self.worker.host, self.worker.slot, self.worker.pk)
        self._beat()

    def _sign_off(self) -> None:
        Worker.objects.filter(pk=self.worker.pk).update(ended_at=timezone.now(), in_flight=0)

    def _close(self) -> None:
        connection.close()

    async def _stop_running(self) -> None:
        """Stops what still runs, to be given back to the queue unharmed; what was paid for it is stored."""
        left = dict(self._running)
        for task, context in left.items():
            context.stop()
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _db_for_sure(self, work: Callable[..., Result], *arguments: object) -> Result:
        """`_db` for what was, or will be, paid: waits for a database that is away."""
        for seconds in KEEP_AGAIN_SECONDS:
            try:
                return await self._db(work, *arguments)
            except UNREACHABLE:
                logger.warning("a call could not be entered; trying again in %g s", seconds)
                await self._db(self._close)
                await asyncio.sleep(seconds)
        return await self._db(work, *arguments)

    async def _db(self, work: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._database, work, *arguments)
