"""The parts of the supervisor that decide, each by itself."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from shipspeak import site_address
from shipspeak.accounts import sign_in_links
from shipspeak.accounts.models import User
from shipspeak.supervisor import drains, first_start, preflight
from shipspeak.supervisor.backoff import LIVED, LONGEST, Backoff
from shipspeak.supervisor.child import Child
from shipspeak.supervisor.plan import Plan
from shipspeak.supervisor.preflight import BACKLOG, CannotStart
from shipspeak.supervisor.signals import Signals
from shipspeak.supervisor.watchdog import LONGEST_PATIENCE, PATIENCE, Watchdog


def test_it_starts_again_at_once_then_ever_more_slowly() -> None:
    backoff = Backoff()

    waits = [backoff.after(lived=1) for _ in range(10)]

    assert waits[:6] == [0, 0.5, 1, 2, 4, 8]
    assert waits[-1] == LONGEST


def test_it_forgets_deaths_after_a_good_life() -> None:
    backoff = Backoff(deaths=7)

    assert backoff.after(lived=LIVED) == 0
    assert backoff.after(lived=1) == 0.5


def test_it_restarts_workers_that_take_nothing() -> None:
    watchdog = Watchdog(quiet_since=0)

    assert not watchdog.is_stuck(drains=0, now=PATIENCE)
    assert watchdog.is_stuck(drains=0, now=PATIENCE + 1)


def test_it_leaves_working_workers_alone() -> None:
    watchdog = Watchdog(quiet_since=0)

    assert not watchdog.is_stuck(drains=1, now=1000)
    assert not watchdog.is_stuck(drains=0, now=1000 + PATIENCE)


def test_it_loses_no_hurry_over_restarts_that_do_not_help() -> None:
    watchdog = Watchdog(quiet_since=0)
    now = 0.0
    for _ in range(10):
        now += watchdog.patience + 1
        assert watchdog.is_stuck(drains=0, now=now)
        watchdog.restarted(now)

    assert watchdog.patience == LONGEST_PATIENCE
    watchdog.is_stuck(drains=1, now=now)
    assert watchdog.patience == PATIENCE


@contextmanager
def held(run: Path, slot: int, pid: int) -> Iterator[None]:
    with (run / f"drain-{slot}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(pid))
        lock.flush()
        yield


def test_it_counts_the_drains_whose_locks_are_held(tmp_path: Path) -> None:
    (tmp_path / "drain-0.lock").write_text("12345")

    with held(tmp_path, 1, os.getpid()):
        assert drains.running(tmp_path) == [os.getpid()]
    assert drains.running(tmp_path) == []


def test_it_says_what_became_of_one_and_of_several() -> None:
    web = Child("web process", [], Path(), {})
    workers = Plan("127.0.0.1", 8000).workers_child()

    assert web.did("was", "were") == "The web process was"
    assert workers.did("was", "were") == "The workers were"
    assert workers.did("ended") == "The workers ended"


def test_it_tells_other_commands_where_the_site_is(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert site_address.noted(tmp_path) == "http://127.0.0.1:8000"

    site_address.keep(tmp_path, "http://127.0.0.1:8123")
    assert site_address.noted(tmp_path) == "http://127.0.0.1:8123"
    site_address.forget(tmp_path)
    assert site_address.noted(tmp_path) == "http://127.0.0.1:8000"


@pytest.mark.parametrize("left", ["{dead} http://127.0.0.1:8123", "", "nonsense"])
def test_it_does_not_believe_what_a_killed_one_left(left: str, tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "run").mkdir()
    (tmp_path / site_address.NOTE).write_text(left.format(dead=ended.pid))

    assert site_address.noted(tmp_path) == "http://127.0.0.1:8000"
    site_address.forget(tmp_path)
    assert (tmp_path / site_address.NOTE).exists(), "it is not ours to take away"


def test_it_leads_to_the_site_of_another_when_it_runs_workers_only(settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:8123"

    assert Plan("127.0.0.1", 8000, web=False).site == "http://127.0.0.1:8123"
    assert Plan("127.0.0.1", 8000).site == "http://127.0.0.1:8000"


def test_it_signals_no_drain_of_another_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(drains.os, "kill", lambda pid, number: sent.append((pid, number)))

    with held(tmp_path, 0, os.getpid()):
        drains.ask_to_stop(tmp_path, session=os.getsid(0) + 1)
        assert sent == []
        drains.ask_to_stop(tmp_path, session=os.getsid(0))
    assert sent == [(os.getpid(), signal.SIGTERM)]


def test_it_lets_one_up_run_each_role(tmp_path: Path) -> None:
    web = preflight.lock(tmp_path / "run", "web")

    with pytest.raises(
        CannotStart, match=rf"web process already runs on .* \(process {os.getpid()}\). Stop that one first"
    ):
        preflight.lock(tmp_path / "run", "web")
    os.close(preflight.lock(tmp_path / "run", "workers"))
    os.close(web)
    os.close(preflight.lock(tmp_path / "run", "web"))


def test_it_says_that_a_port_is_taken() -> None:
    with closing(preflight.listen("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} is taken by another program"):
            preflight.listen("127.0.0.1", port)


def test_it_says_that_a_host_is_none_of_ours() -> None:
    with pytest.raises(CannotStart, match=r"Can't listen on 192\.0\.2\.1, port 8000"):
        preflight.listen("192.0.2.1", 8000)


def test_it_lets_many_clients_wait_at_once() -> None:
    with closing(preflight.listen("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        clients = [socket.create_connection(address, timeout=5) for _ in range(300)]
        for client in clients:
            client.close()
    assert BACKLOG == 2048


def test_it_counts_stop_signals_and_sleeps_through_none() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        signals.wait(10)
        assert signals.stops == 1
        os.kill(os.getpid(), signal.SIGCHLD)
        signals.wait(10)
        assert signals.stops == 1


@pytest.mark.django_db
def test_it_makes_an_administrator_with_a_link_once() -> None:
    made = first_start.first_administrator({})

    assert made is not None
    assert made.username == "admin"
    assert made.link is not None
    assert sign_in_links.user_of(made.link.rstrip("/").rpartition("/")[2]) == User.objects.get(
        is_superuser=True
    )
    assert first_start.first_administrator({}) is None
    assert first_start.unused_administrator() == "admin"


@pytest.mark.django_db
def test_it_makes_the_administrator_that_the_environment_names() -> None:
    made = first_start.first_administrator(
        {
            "DJANGO_SUPERUSER_USERNAME": "root",
            "DJANGO_SUPERUSER_EMAIL": "root@example.org",
            "DJANGO_SUPERUSER_PASSWORD": "hidden",
        }
    )

    assert made == first_start.Administrator("root", None)
    assert User.objects.get(username="root", is_staff=True, email="root@example.org").check_password("hidden")
    assert first_start.unused_administrator() is None


@pytest.mark.django_db
def test_it_takes_no_name_that_somebody_has() -> None:
    User.objects.create_user("admin")

    made = first_start.first_administrator({})

    assert made is not None
    assert made.username == "admin2"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
    ],
)
def test_it_prints_an_address_that_works_here(host: str, address: str) -> None:
    assert Plan(host, 8000).address == address


def test_it_lets_browsers_use_the_host_that_it_listens_on() -> None:
    assert "192.0.2.7" in Plan("192.0.2.7", 8000).environment({})["ALLOWED_HOSTS"].split(",")
    assert Plan("192.0.2.7", 8000).environment({"ALLOWED_HOSTS": "mine"})["ALLOWED_HOSTS"] == "mine"
    assert "ALLOWED_HOSTS" not in Plan("0.0.0.0", 8000).environment({})
