"""Tokens: the django-q2 messages "a drain is wanted". They carry no job; losing one loses nothing.

One is sent when a job is accepted and no worker beats, whenever a django-q2 worker process is born, by each
drain that ends, and by the heartbeat of one that misses another. Too many do no harm: a drain that finds no
free slot ends at once.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django_q.brokers import get_broker
from django_q.signals import post_spawn
from django_q.tasks import async_task

from jobs import queue, slots

HOPS = 20
"""Each is a toss-up between two hosts, and takes a tenth of a second. A token for a host that is gone ends
with whoever has it then."""


def want_drain() -> None:
    """Rings the workers after the commit, and sends a token when none of them seems to be there."""
    transaction.on_commit(queue.ring)
    if not queue.live_workers() and get_broker().queue_size() < slots.count():
        send()


def want_all_drains() -> None:
    """Sends a token when this host has a free slot: some drain's own token was lost."""
    if queue.live_workers(slots.host()) < slots.count() and not get_broker().queue_size():
        send()


def send(host: str = "", hops: int = HOPS) -> None:
    """Sends a token. On the ORM broker it is a row, so inside a transaction it goes with the commit.

    Args:
        host: whose drain is wanted; this host's by default. All hosts take from one queue of tokens.
        hops: how often a host may pass it on that it is not meant for.
    """
    async_task("jobs.worker.drain", host or slots.host(), hops, save=False)


def connect() -> None:
    """Lets every worker process that is born ask for a drain, so that dead ones are replaced."""
    post_spawn.connect(_born, dispatch_uid="jobs.tokens")


def _born(sender: Any, **kwargs: Any) -> None:
    send()
