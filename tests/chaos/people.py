"""People of the chaos run: each submits jobs to any web process that answers, and follows their stream."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode

PATIENCE_SECONDS = 20.0
AGAIN_SECONDS = 0.2
WAIT_SECONDS = 3.0
BUSY = 409


@dataclass(frozen=True, slots=True)
class Wish:
    """A job to be submitted.

    Args:
        number: it is in the job's material, for the service to know it by.
        kind: its kind.
        input: its input.
    """

    number: int
    kind: str
    input: Mapping[str, Any]


class Refused(Exception):
    """The API refused a request, and would again."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:500]}")
        self.status = status


@dataclass(slots=True)
class Person:
    """Somebody with a key.

    Args:
        name: theirs.
        key: their API key.
        addresses: of the web processes.
        chance: by which they choose between these, and pause.
    """

    name: str
    key: str
    addresses: Sequence[str]
    chance: Random
    accepted: dict[str, Wish] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    tries: int = 0
    trouble: Counter[str] = field(default_factory=Counter)

    def submit(self, wishes: Sequence[Wish], pause: float) -> None:
        """Submits all wishes, each once, however often it has to be tried.

        Args:
            wishes: the jobs.
            pause: seconds between two of them, on average.
        """
        left = deque(wishes)
        while left:
            wish = left.popleft()
            body = {"kind": wish.kind, "input": wish.input}
            try:
                answer = self.call("/api/v1/jobs/", body, key=f"chaos-{wish.number}")
            except Refused as refused:
                if (
                    refused.status == BUSY
                ):  # the web process that had it was killed, perhaps; it is asked again
                    left.append(wish)
                    self.trouble[str(BUSY)] += 1
                else:
                    self.refused.append(refused)
            else:
                self.accepted[answer["id"]] = wish
            time.sleep(self.chance.random() * 2 * pause)

    def call(self, path: str, body: Any = None, key: str = "") -> Any:
        """What the API answers; tries again while it has trouble. Raises `Refused`."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        data = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + 120
        while True:
            request = urllib.request.Request(self.chance.choice(self.addresses) + path, data, headers)
            self.tries += 1
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                with error:
                    told = error.read().decode()
                if error.code < 500 and error.code != 429:
                    raise Refused(error.code, told) from None
                kind, last = str(error.code), f"{error.code} {told[:300]}"
            except (OSError, ValueError) as error:  # also an answer that was cut
                kind, last = type(getattr(error, "reason", error)).__name__, repr(error)
            self.trouble[kind] += 1
            if time.monotonic() > deadline:
                raise AssertionError(f"Nobody answered {path} for two minutes: {last}")
            time.sleep(AGAIN_SECONDS)


class Follower(threading.Thread):
    """Follows a person's stream by long-poll, from one web process to the other, and keeps what it heard.

    Args:
        person: whose stream.
    """

    def __init__(self, person: Person) -> None:
        super().__init__(name=f"{person.name} follows", daemon=True)
        self.person = person
        self.epoch = ""
        self.began_at = 0
        self.seq = 0
        self.heard: list[int] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.faults: list[str] = []
        self._stopping = threading.Event()

    def run(self) -> None:
        """Follows until it is stopped and has all."""
        try:
            self.begin()
            while self.look(WAIT_SECONDS) or not self._stopping.is_set():
                pass
        except (AssertionError, Refused, LookupError) as error:
            self.faults.append(repr(error))

    def begin(self) -> None:
        """Takes a snapshot to go on from."""
        first = self.person.call("/api/v1/streams/user/events/")
        self.epoch, self.seq, self.began_at = first["epoch"], first["seq"], first["seq"]
        self.jobs = {job["id"]: job for job in first["snapshot"]["jobs"]}

    def look(self, wait: float) -> bool:
        """Hears what is new; whether there was something."""
        query = urlencode({"epoch": self.epoch, "since": self.seq, "wait": wait})
        found = self.person.call(f"/api/v1/streams/user/events/?{query}")
        if "snapshot" in found or found["epoch"] != self.epoch:
            self.faults.append(f"a snapshot after {self.seq} where events were due")
            self.epoch, self.seq = found["epoch"], found["seq"]
            return True
        for event in found["events"]:
            self._hear(event)
        return bool(found["events"])

    def _hear(self, event: dict[str, Any]) -> None:
        if event["seq"] != self.seq + 1:
            self.faults.append(f"event {event['seq']} after {self.seq}")
        self.seq = event["seq"]
        self.heard.append(self.seq)
        if "job" in event["data"]:
            self.jobs[event["data"]["job"]["id"]] = event["data"]["job"]

    def differences(self) -> list[str]:
        """Where what was heard tells something else than a snapshot of now; after it has ended."""
        now = self.person.call("/api/v1/streams/user/events/")
        return [
            f"{job['id']}: {name} is {job[name]!r}, but was heard: {self.jobs.get(job['id'], {}).get(name)!r}"
            for job in now["snapshot"]["jobs"]
            for name in ("status", "progress", "cost_usd", "degraded", "error")
            if self.jobs.get(job["id"], {}).get(name) != job[name]
        ]

    def stop(self) -> None:
        """Lets it end when it has heard all that there is."""
        self._stopping.set()
