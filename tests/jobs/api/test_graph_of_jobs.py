"""Jobs that wait, for other jobs or for a time, through the API and the command."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.api.answers import BatchGiven, JobGiven, KindsGiven
from jobs.models import Job, JobDependency, Step
from tests.jobs.engine import job
from tests.jobs.filing import CONTENT

JOBS = "/api/v1/jobs/"
NEEDING = {"kind": "test.needing"}


@pytest.fixture
def api(alice, api_of):
    return api_of(alice)


def test_it_waits_for_the_jobs_that_it_names(api):
    one, other = job(), job()
    needs = [str(one.pk), {"job": str(other.pk), "on_failure": "continue"}]
    given = JobGiven.model_validate_json(api.post(JOBS, NEEDING | {"depends_on": needs}).content)
    assert (given.status, given.depends_on, given.queue) == ("pending", [one.pk, other.pk], None)
    rows = JobDependency.objects.filter(job_id=given.id).order_by("needed_id")
    assert list(rows.values_list("needed_id", "on_failure")) == [(one.pk, "fail"), (other.pk, "continue")]


def test_it_starts_at_the_time_that_is_given(api):
    at = timezone.now().replace(microsecond=0) + timedelta(days=1)
    given = JobGiven.model_validate_json(api.post(JOBS, NEEDING | {"run_at": at.isoformat()}).content)
    assert (given.status, given.run_at) == ("pending", at)
    assert Step.objects.get(job_id=given.id).available_at == at


def test_it_waits_for_an_earlier_job_of_the_same_batch(api):
    asked = [{"kind": "test.noop"}, NEEDING | {"depends_on": [{"index": 0}]}]
    given = BatchGiven.model_validate_json(api.post(f"{JOBS}batch/", {"jobs": asked}).content)
    assert Job.objects.get(pk=given.jobs[1]).depends_on == [str(given.jobs[0])]


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"depends_on": ["01890000-0000-7000-8000-000000000000"]}, "depends_on.0", "bad_dependency"),
        ({"depends_on": [{"index": 0}]}, "depends_on.0", "bad_dependency"),
        ({"depends_on": [{}]}, "depends_on.0", "bad_dependency"),
        ({"run_at": "2999-01-01T00:00:00Z"}, "run_at", "bad_input"),
        ({"run_at": "2001-01-01T00:00:00Z"}, "run_at", "bad_input"),
        ({"run_at": "tomorrow"}, "run_at", "bad_input"),
    ],
)
def test_it_says_what_can_not_be_waited_for(api, fields, path, code):
    answer = api.post(JOBS, NEEDING | fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert [error["path"] for error in answer.json()["errors"]] == [path]
    assert not Job.objects.exists()


def test_it_does_not_tell_another_persons_job_from_none(api):
    answer = api.post(JOBS, NEEDING | {"depends_on": [str(job(owner="bob").pk)]})
    assert answer.json()["errors"][0]["path"] == "depends_on.0"


def test_it_says_which_job_of_a_batch_can_not_wait(api):
    asked = [{"kind": "test.noop"}, NEEDING | {"depends_on": [{"index": 1}]}]
    answer = api.post(f"{JOBS}batch/", {"jobs": asked})
    assert [error["path"] for error in answer.json()["errors"]] == ["jobs.1.depends_on.0"]


def test_it_tells_of_steps_that_go_through_a_list_and_of_what_they_can_do_without(api):
    kinds = KindsGiven.model_validate_json(api.get("/api/v1/kinds/").content).root
    told = {(kind.name, step.name): (step.over, step.tolerates) for kind in kinds for step in kind.steps}
    assert told["test.fan", "split"] == (None, [])
    assert told["test.fan", "score"] == ("split.parts", [])
    assert told["test.edges", "easy"] == (None, ["start"])
    assert told["test.edges", "end"] == (None, ["strict"])


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(CONTENT)
    return path


def test_it_waits_on_the_command_line_too(notes, olivia):
    first = job(owner=olivia.username)
    at = (timezone.now() + timedelta(hours=2)).replace(microsecond=0)
    call_command("submit", str(notes), "--after", str(first.pk), "--at", at.replace(tzinfo=None).isoformat())
    made = Job.objects.get(kind="test.filing")
    assert (made.status, made.depends_on, made.run_at) == ("pending", [str(first.pk)], at)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--after", "yesterday"], "takes the id of a job"),
        (["--at", "noon"], "is no time"),
        (["--after", "01890000-0000-7000-8000-000000000000"], "no job"),
    ],
)
def test_it_refuses_on_the_command_line(notes, olivia, arguments, why):
    with pytest.raises(CommandError, match=why) as caught:
        call_command("submit", str(notes), *arguments)
    assert caught.value.returncode == 2
