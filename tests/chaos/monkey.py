"""The monkey: breaks something of an installation now and then, by a seed."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from random import Random

from tests.chaos.installation import REDIS_AWAY_SECONDS, Installation
from tests.processes import Up, until

Act = Callable[[Installation, Random], str]


def kill_drain(installation: Installation, chance: Random) -> str:
    """Kills a process that runs steps."""
    return _kill(chance.choice(installation.workers), lambda host: next(iter(host.drains()), 0))


def kill_cluster(installation: Installation, chance: Random) -> str:
    """Kills all workers of a host together."""
    return _kill(chance.choice(installation.workers), lambda host: host.pid("qcluster"))


def kill_web(installation: Installation, chance: Random) -> str:
    """Kills a web process."""
    return _kill(chance.choice(installation.webs), lambda host: host.pid("daphne"))


def kill_host(installation: Installation, chance: Random) -> str:
    """Kills a host with all that runs on it, and starts it again."""
    host = chance.choice(installation.hosts)
    assert host.process is not None
    told = _kill(host, lambda host: host.process.pid if host.process else 0)
    host.process.wait()
    host.start()
    return told


def restart_redis(installation: Installation, chance: Random) -> str:
    """Restarts Redis, which forgets what it knew."""
    assert installation.redis is not None
    installation.redis.stop()
    time.sleep(REDIS_AWAY_SECONDS)
    installation.redis.start()
    return "restarted"


def harm_database(installation: Installation, chance: Random) -> str:
    """Breaks or holds up connections to the database."""
    return installation.store.harm(chance)


def _kill(host: Up, find: Callable[[Up], int]) -> str:
    pid = find(host)
    if not pid or pid not in host.tree():
        return ""  # it is just being started
    host.started |= set(host.tree())
    os.kill(pid, signal.SIGKILL)
    return f"{host.data_dir.name}, process {pid}"


class Monkey:
    """Acts in rounds: in each, everything that can be done, once, in an order by chance.

    In the main thread: what it starts ends with the thread that did.

    Args:
        installation: what it is let loose on.
        seed: of its chances.
        pause: seconds between two acts, on average.
    """

    def __init__(self, installation: Installation, seed: int, pause: float) -> None:
        self.done: Counter[str] = Counter()
        self.log: list[str] = []
        self._installation = installation
        self._chance = Random(f"monkey {seed}")
        self._pause = pause
        self._began = time.monotonic()
        self._acts: list[Act] = [kill_drain, kill_cluster, kill_web, kill_host, harm_database]
        if installation.redis:
            self._acts.append(restart_redis)

    def rage(self, rounds: int, goes_on: Callable[[], bool]) -> None:
        """Acts one whole round, and others as long as ``goes_on``, but no more than ``rounds`` of them."""
        for number in range(rounds):
            for act in self._chance.sample(self._acts, len(self._acts)):
                if number and not goes_on():
                    return
                time.sleep(self._pause * (0.5 + self._chance.random()))
                self._do(act)

    def _do(self, act: Act) -> None:
        """Does it, as soon as there is something to do it to."""
        told = until(
            lambda: act(self._installation, self._chance),
            f"there is something for {act.__name__}",
            60,
            self._installation.said,
        )
        self.done[act.__name__] += 1
        self.log.append(f"{time.monotonic() - self._began:6.1f} s  {act.__name__}: {told}")

    @property
    def has_done_all(self) -> bool:
        """Whether it did everything at least once."""
        return all(self.done[act.__name__] for act in self._acts)
