"""`manage.py up` for real: it starts, heals, stops, and says why when it can't."""

from __future__ import annotations

import re
import signal
import socket
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.processes import Up, end, free_port, manage, up

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]
LINK = re.compile(r"http://127\.0\.0\.1:\d+(/sign-in/once/[\w-]+/)")


@pytest.fixture(autouse=True)
def _no_database() -> None:
    """The processes have databases of their own."""


def refused(running: Up) -> str:
    """What an `up` says that does not start."""
    try:
        running.start()
        running.until(lambda: not running.alive(), "up ends by itself")
        assert running.process is not None
        assert running.process.returncode == 1, running.output
        assert "Traceback" not in running.output
        assert len(running.output.strip().splitlines()) == 1, running.output
        return running.output
    finally:
        end(running)


def test_it_starts_heals_and_stops_without_leaving_anything() -> None:
    with up() as running:
        assert LINK.search(running.output)
        assert f"http://127.0.0.1:{running.port}\n" in running.output

        _survives_the_death_of(running, "daphne")
        _survives_the_death_of(running, "qcluster")

        assert running.stop() == 0
        assert running.orphans() == []
        assert "Stopped." in running.output
        assert "was killed" not in running.output


def _survives_the_death_of(running: Up, program: str) -> None:
    dead = running.pid(program)
    below = set(running.tree())
    running.kill(dead)
    running.until(lambda: running.pid(program) not in (0, dead), f"another {program} runs")
    running.until(lambda: running.status("/readyz") == 200, "all is ready again")
    running.until(lambda: dead not in running.tree(), f"the dead {program} is gone")
    if program == "qcluster":
        new = set(running.tree())
        assert not (below & new) - {running.process.pid if running.process else 0, running.pid("daphne")}
    running.started |= set(running.tree())


def test_it_leaves_no_orphan_when_it_is_killed_itself() -> None:
    with up() as running:
        assert running.process is not None
        running.started |= set(running.tree())
        running.process.kill()
        running.process.wait()

        running.until(lambda: running.orphans() == [], "all that it started is gone")


def test_it_replaces_workers_one_by_one() -> None:
    with up() as running:
        before = running.drains()
        assert len(before) == 2

        running.kill(before[0])

        running.until(
            lambda: len(running.drains()) == 2 and before[0] not in running.drains(), "a new drain runs"
        )
        assert before[1] in running.drains()


@pytest.mark.parametrize("victim", ["an idle worker", "the monitor or the pusher"])
def test_it_goes_on_working_when_an_idle_process_is_killed(victim: str) -> None:
    with up("--no-web") as running:
        idle = sorted(running.below(running.sentinel()) - set(running.drains()))
        running.kill(idle[0] if victim == "an idle worker" else idle[-1])
        running.until(lambda: "reincarnated" in running.output, "the dead process is replaced")
        mark = running.data_dir / "mark"

        manage("shell", "-c", f"from tests.processes import leave_mark; leave_mark({str(mark)!r})",
               data_dir=running.data_dir)  # fmt: skip

        running.until(mark.exists, "a task runs")


def test_it_stops_on_ctrl_c() -> None:
    with up("--no-workers") as running:
        assert running.pid("qcluster") == 0
        assert running.stop(signal.SIGINT) == 0
        assert running.orphans() == []


def test_it_runs_workers_only() -> None:
    with up("--no-web", "--workers", "2") as running:
        assert running.pid("daphne") == 0
        assert len(running.drains()) == 1
        assert "1 working on jobs, 1 for housekeeping" in running.output
        assert running.status() == 0


def test_it_keeps_clients_waiting_instead_of_refusing_them() -> None:
    with up("--no-workers") as running:
        dead = running.pid("daphne")
        running.kill(dead)
        with urllib.request.urlopen(f"{running.address}/healthz", timeout=30) as answer:
            assert answer.status == 200
        assert running.pid("daphne") != dead


def test_it_gives_the_link_once(tmp_path: Path) -> None:
    with up("--no-workers", data_dir=tmp_path) as running:
        link = LINK.search(running.output)
        assert link
        with urllib.request.urlopen(running.address + link[1], timeout=10) as answer:
            assert answer.status == 200
        another = manage("sign_in_link", "admin", data_dir=tmp_path)
        assert another.stdout.startswith(f"{running.address}/sign-in/once/")
        running.stop()
        assert not (tmp_path / "run" / "address").exists()
        (tmp_path / "up.log").unlink()

        running.start().ready()

        assert not LINK.search(running.output)
        assert "manage.py sign_in_link admin" in running.output


def test_it_makes_the_administrator_that_the_environment_names(tmp_path: Path) -> None:
    named = {"DJANGO_SUPERUSER_USERNAME": "root", "DJANGO_SUPERUSER_PASSWORD": "hidden-word"}
    with up("--no-workers", data_dir=tmp_path, **named) as running:
        assert not LINK.search(running.output)
        assert "root" in running.output
        assert "hidden-word" not in running.output
        key = manage("create_api_key", "root", data_dir=tmp_path)
        assert key.stdout.startswith("ss_")


def test_it_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        assert f"Port {port} is taken by another program." in refused(Up(tmp_path, port=port))


def test_it_says_that_it_runs_already(tmp_path: Path) -> None:
    with up("--no-workers", data_dir=tmp_path) as running:
        second = manage("up", "--port", str(free_port()), data_dir=tmp_path)

        assert second.returncode == 1
        assert (
            f"already runs on {tmp_path} (process {running.process.pid if running.process else 0})"
            in second.stderr
        )
        assert running.status() == 200


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (
            {"DATABASE_URL": "sqlite:////proc/nowhere/db.sqlite3"},
            "The database can't be used: unable to open",
        ),
        (
            {"DATABASE_URL": "postgres://u:pa55@127.0.0.1:1/n", "SECRET_KEY": "k" * 40},
            "The database can't be used: connection failed",
        ),
    ],
)
def test_it_says_that_the_database_can_not_be_used(tmp_path: Path, extra: dict[str, str], words: str) -> None:
    said = refused(Up(tmp_path, extra=extra))

    assert words in said
    assert "pa55" not in said


def test_it_says_that_the_migrations_are_broken(tmp_path: Path) -> None:
    extra = {"DJANGO_SETTINGS_MODULE": "tests.platform.broken_migrations.settings"}

    assert "The database can't be migrated: " in refused(Up(tmp_path, extra=extra))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--no-web", "--no-workers"), "there is nothing to start"),
        (("--workers", "0"), "--workers is 0, but it must be a whole number from 1 to 64."),
    ],
)
def test_it_refuses_nonsense(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(Up(tmp_path, arguments=arguments))


@pytest.mark.parametrize("command", ["up", "check", "doctor"])
def test_it_stops_every_command_on_a_wrong_setting(tmp_path: Path, command: str) -> None:
    done = manage(command, data_dir=tmp_path, PROCESSING_TIMEOUT="soon")

    assert done.returncode == 2
    assert (
        done.stderr == 'PROCESSING_TIMEOUT is "soon", but it must be a number of seconds from 0.1 to 3600.\n'
    )
    assert done.stdout == ""


def test_it_says_that_the_data_directory_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    done = manage("up", data_dir=tmp_path / "file" / "var")

    assert done.returncode == 2
    assert "DATA_DIR is" in done.stderr
    assert "can't write there" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_tells_what_is_wrong(tmp_path: Path) -> None:
    done = manage(
        "doctor", data_dir=tmp_path, REDIS_URL="redis://127.0.0.1:1/0", EMAIL_URL="smtp://127.0.0.1:1"
    )

    assert done.returncode == 1
    for line in ("✗ migrations", "✗ workers", "! redis", "✗ mail", "✓ database", "✓ disk"):
        assert line in done.stdout
    assert "→ Run `manage.py migrate`." in done.stdout


def test_it_writes_down_who_connected_beside_the_data(tmp_path: Path) -> None:
    code = "from realtime import audit; audit.refused('192.0.2.1', 4401, 'bad_ticket')"
    done = manage("shell", "-v", "0", "-c", code, data_dir=tmp_path)

    assert done.returncode == 0
    line = (tmp_path / "audit.log").read_text()
    assert "message=refuse address=192.0.2.1 code=4401 reason=bad_ticket" in line
    assert "bad_ticket" not in done.stderr
