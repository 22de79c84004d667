"""Starts the real ShipSpeak for tests, on a data directory and a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from shipspeak.supervisor.tied import die_with

ROOT = Path(__file__).resolve().parent.parent
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
Found = TypeVar("Found")


def until(
    condition: Callable[[], Found], what: str, seconds: float = 30, tell: Callable[[], str] = str
) -> Found:
    """Waits until ``condition`` gives something true, and returns it.

    Fails with ``what`` was waited for, and with what ``tell`` knows of it.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds:g} s in vain: {what}.\n{tell()}")
        time.sleep(0.05)
    return found


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_with_parent() -> Callable[[], None]:
    """For ``preexec_fn``: the kernel kills the started process when this one dies, however it dies."""
    parent = os.getpid()
    return lambda: die_with(parent)


def environment(data_dir: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a started process: nothing of the tests' own but where programs are."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    settings = {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "tests.process_settings"}
    return {**passed, **settings, **extra}


def manage(*arguments: str, data_dir: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Runs a `manage.py` command to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(data_dir, extra),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass
class Up:
    """A running `manage.py up`.

    Args:
        data_dir: where its database, uploads and locks are.
        port: the port that the site listens on.
        arguments: further arguments of the command.
        extra: further environment variables.
    """

    data_dir: Path
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: set[int] = field(default_factory=set)

    @property
    def address(self) -> str:
        """Where the site is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """All that it said so far, on standard output and standard error."""
        return (self.data_dir / "up.log").read_text()

    def start(self) -> Up:
        """Starts it; does not wait."""
        command = [sys.executable, "manage.py", "up", "--port", str(self.port), *self.arguments]
        with (self.data_dir / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(self.data_dir, self.extra), stdout=log, stderr=log
            )
        return self

    def ready(self, seconds: float = 60) -> Up:
        """Waits until it says that all is there and every part is ready."""
        self.until(lambda: "Press Ctrl-C to stop." in self.output or not self.alive(), "up is ready", seconds)
        assert self.alive(), f"up ended before it was ready.\n{self.output}"
        if "--no-web" not in self.arguments and "--no-workers" not in self.arguments:
            self.until(lambda: self.status("/readyz") == 200, "all parts are ready", seconds)
        self.started |= set(self.tree())
        return self

    def status(self, path: str = "/healthz") -> int:
        """The status that ``path`` answers with; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def alive(self) -> bool:
        """Whether `up` itself runs."""
        return self.process is not None and self.process.poll() is None

    def tree(self) -> dict[int, str]:
        """The command lines of `up` and of everything it started, by process id."""
        return descendants(self.process.pid) if self.process else {}

    def pid(self, program: str) -> int:
        """The process id of ``program``, "daphne" or "qcluster"; 0 when it does not run."""
        matches = [pid for pid, line in self.tree().items() if f" {program}" in line and "tied" in line]
        return min(matches, default=0)

    def below(self, pid: int) -> set[int]:
        """The children of process ``pid``."""
        return {child for child, (parent, _) in running_processes().items() if parent == pid}

    def sentinel(self) -> int:
        """The process that watches over django-q2's workers."""
        return min(self.below(self.pid("qcluster")))

    def drains(self) -> list[int]:
        """The process ids of the running drains."""
        texts = [lock.read_text() for lock in sorted((self.data_dir / "run").glob("drain-*.lock"))]
        mine = self.tree()
        return [int(text) for text in texts if text.isdigit() and int(text) in mine]

    def kill(self, pid: int, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a signal to a process of this `up`, and to no other."""
        assert pid in self.tree(), f"process {pid} is none of this up.\n{self.output}"
        self.started |= set(self.tree())
        os.kill(pid, number)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        """Asks it to stop, waits until it has, and returns its exit status."""
        assert self.process is not None
        self.started |= set(self.tree())
        if self.alive():
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"up did not stop in {seconds:g} s.\n{self.output}") from None

    def orphans(self) -> list[int]:
        """Processes that this `up` started and that run though it has ended."""
        return [pid for pid in self.started if pid in running_processes()]

    def until(self, condition: Callable[[], Found], what: str, seconds: float = 30) -> Found:
        """`until`, telling what `up` said on failure."""
        return until(condition, what, seconds, lambda: self.output)


def leave_mark(path: str) -> None:
    """Asks the workers to make an empty file at ``path``. For `manage.py shell`."""
    from django_q.tasks import async_task

    async_task("pathlib.Path.touch", Path(path), save=False)


@contextmanager
def up(*arguments: str, data_dir: Path | None = None, **extra: str) -> Iterator[Up]:
    """A ready `manage.py up` while inside; it is stopped afterwards, whatever happens.

    Args:
        arguments: further arguments of the command, such as ``"--no-workers"``.
        data_dir: its data directory; a new, empty one by default.
        extra: environment variables.
    """
    with tempfile.TemporaryDirectory(prefix="shipspeak-up-", ignore_cleanup_errors=True) as folder:
        running = Up(data_dir or Path(folder), arguments=arguments, extra=extra)
        try:
            yield running.start().ready()
        finally:
            end(running)


def end(running: Up) -> None:
    """Ends an `up` for good: asks, then kills what is left of it."""
    if running.process is None:
        return
    if running.alive():
        running.started |= set(running.tree())
        running.process.terminate()
        try:
            running.process.wait(30)
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()
    for pid in running.orphans():
        os.kill(pid, signal.SIGKILL)


def running_processes() -> dict[int, tuple[int, str]]:
    """Parent and command line of every process that runs, by process id. Zombies don't run."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if state != "Z":
                found[int(entry.name)] = (int(parent), line)
    return found


def descendants(root: int) -> dict[int, str]:
    """Command lines of process ``root`` and of all below it, by process id."""
    processes = running_processes()
    found = {root: processes[root][1]} if root in processes else {}
    while more := {pid for pid, (parent, _) in processes.items() if parent in found} - found.keys():
        found |= {pid: processes[pid][1] for pid in more}
    return found
