from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from jobs import following, terminal
from jobs.errors import InvalidData
from jobs.models import Job, Upload, Worker
from jobs.outcomes import Succeeded
from tests.factories import make_user
from tests.jobs.engine import claim, job, settle
from tests.jobs.filing import CONTENT, RESULT

pytestmark = pytest.mark.django_db


class Said:
    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()


@pytest.fixture
def notes(tmp_path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def submit(olivia):
    said = Said()

    def run(*arguments: Any) -> Said:
        call_command("submit", *map(str, arguments), stdout=said.out, stderr=said.err)
        return said

    run.said = said  # type: ignore[attr-defined]
    return run


@pytest.fixture
def worker(monkeypatch):
    """Lets a step be settled each time the command would wait."""

    def use(*outcomes):
        Worker.objects.create(host="here", pid=1, slot=0, concurrency=64)
        left = list(outcomes)

        def turn(seconds):
            if left:
                (claimed,) = claim()
                settle(claimed, left.pop(0))

        monkeypatch.setattr(following.time, "sleep", turn)

    return use


def refused(submit, *arguments) -> str:
    with pytest.raises(CommandError) as error:
        submit(*arguments)
    assert error.value.returncode == 2
    assert not Job.objects.exists()
    assert not Upload.objects.exists()
    return str(error.value)


def test_it_submits_and_prints_the_id(submit, notes, olivia):
    said = submit(notes)
    made = Job.objects.get()
    assert said.out.getvalue().strip() == str(made.pk)
    assert (made.owner, made.kind, made.filename) == (olivia, "test.filing", "notes.txt")
    assert f"/jobs/{made.pk}/" in said.err.getvalue()
    assert "No worker is running" in said.err.getvalue()


def test_it_prints_the_job_as_json(submit, notes):
    assert json.loads(submit(notes, "--json").out.getvalue())["status"] == "queued"


def test_it_submits_for_whom_it_is_told(submit, notes, alice):
    submit(notes, "--as", "alice", "--option", "shade=red", "--priority", "high")
    made = Job.objects.get()
    assert (made.owner, made.options, made.get_priority_display()) == (alice, {"shade": "red"}, "high")


def test_it_uses_an_earlier_result_if_told_to(submit, notes):
    submit(notes)
    settle(claim()[0], Succeeded(RESULT))
    said = submit(notes, "--reuse", "--watch", "--json")
    assert json.loads(said.out.getvalue().split("\n", 1)[1]) == RESULT
    submit(notes)
    assert [one.cached for one in Job.objects.order_by("created_at")] == [False, True, False]


def test_it_watches_until_the_job_is_done_and_prints_the_result(submit, notes, worker):
    worker(Succeeded(RESULT))
    said = submit(notes, "--watch")
    assert said.out.getvalue().startswith("# notes.txt")
    assert "0%  Queued, number 1" in said.err.getvalue()
    assert "notes.txt: completed ($0)" in said.err.getvalue()
    assert "No worker" not in said.err.getvalue()


def test_it_prints_the_result_as_json(submit, notes, worker):
    worker(Succeeded(RESULT))
    assert json.loads(submit(notes, "--watch", "--json").out.getvalue()) == RESULT


def test_it_ends_with_1_when_the_job_failed(submit, notes, worker):
    worker(InvalidData("It is all wrong."))
    with pytest.raises(SystemExit) as end:
        submit(notes, "--watch")
    assert end.value.code == 1
    assert "failed: It is all wrong." in submit.said.err.getvalue()
    assert submit.said.out.getvalue() == ""


def test_it_leaves_the_job_running_when_nobody_watches_any_more(submit, notes, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(following.time, "sleep", interrupt)
    with pytest.raises(SystemExit) as end:
        submit(notes, "--watch")
    assert end.value.code == 130
    assert "the job goes on" in submit.said.err.getvalue()
    assert Job.objects.get().status == "queued"


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "empty"), (b"\x89PNG", "none of the types"), (b"\0FILE", "There is nothing in this file.")],
)
def test_it_refuses_a_file_that_can_not_be_used(submit, tmp_path, content, word, settings):
    path = tmp_path / "odd.txt"
    path.write_bytes(content)
    assert word in refused(submit, path)
    assert not [one for one in Path(settings.MEDIA_ROOT).rglob("*") if one.is_file()]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--kind", "nonsense"], "test.filing"),
        (["--as", "nobody"], "nobody"),
        (["--option", "shade"], "name=value"),
        (["--option", "colour=red"], "options.colour"),
    ],
)
def test_it_refuses_what_it_does_not_understand(submit, notes, arguments, word):
    assert word in refused(submit, notes, *arguments)


def test_it_refuses_what_is_no_file(submit, tmp_path):
    assert "can't be read" in refused(submit, tmp_path / "missing.txt")
    assert "can't be read" in refused(submit, tmp_path)


def test_it_asks_whose_job_it_is_when_that_is_not_clear(submit, notes):
    make_user("second", is_superuser=True)
    assert "--as" in refused(submit, notes)


def sights() -> Iterator[following.Sight]:
    Worker.objects.create(host="here", pid=1, slot=0, concurrency=64)
    made = job("slow")
    yield following.look(made.pk)
    (claimed,) = claim()
    Job.objects.update(progress=0.55, stage="[bold]tick")
    yield following.look(made.pk)
    settle(claimed)
    yield following.look(made.pk)


def test_it_draws_a_bar_in_a_terminal():
    out = io.StringIO()
    terminal.show_for(Console(file=out, force_terminal=True, width=120, color_system=None))(sights())
    drawn = out.getvalue()
    assert "[bold]tick" in drawn
    assert "100%" in drawn
    assert "Test: slow: completed ($0)" in drawn


def test_it_writes_plain_lines_elsewhere():
    out = io.StringIO()
    terminal.show_for(Console(file=out, width=200))(sights())
    assert out.getvalue().splitlines() == [
        "  0%  Queued, number 1  1 s left, $0",
        " 55%  [bold]tick  1 s left, $0",
        "Test: slow: completed ($0)",
    ]


@pytest.mark.parametrize(("seconds", "text"), [(0, "1 s"), (59, "59 s"), (61, "1:01"), (7300, "2 h 1 min")])
def test_it_writes_durations_as_people_do(seconds, text):
    assert terminal._duration(seconds) == text
