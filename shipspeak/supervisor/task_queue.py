"""The queue between the processes of django-q2's cluster, such that one that is killed blocks no other."""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler
from typing import Any

from django_q.queues import Queue


class TaskQueue(Queue):  # type: ignore[misc]
    """django-q2's queue, whose readers wait without the lock and take it only to read.

    In multiprocessing's own, an idle reader waits with the read lock in its hand. One that is killed with
    SIGKILL takes the lock with it, and no other ever gets anything again, though all of them look alive:
    after the death of an idle worker no task ran any more, after that of the monitor none was done.
    """

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Waits for an item and returns it. Waits for ever, which is all that the cluster asks for."""
        while True:
            self._reader.poll(None)
            with self._rlock:
                if self._reader.poll(0):
                    item = self._reader.recv_bytes()
                    break
        self._sem.release()
        self.size.increment(-1)
        return ForkingPickler.loads(item)
