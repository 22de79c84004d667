from __future__ import annotations

import json

import pytest

from jobs import actions, fan_out
from jobs.context import StepContext
from jobs.errors import InvalidData, InvalidOutput
from jobs.job_page import job_page
from jobs.kinds import registry
from jobs.live import progress_data
from jobs.models import Attempt, Job, Share, Step
from jobs.outcomes import Succeeded
from jobs.presentation import job_data
from tests.jobs.engine import claim, drain_until, job, person, settle, statuses, steps

pytestmark = pytest.mark.django_db


def split(made: Job, count: int) -> None:
    """Lets the first step of a fan-out give a list."""
    (claimed,) = claim()
    settle(claimed, Succeeded({"parts": list(range(count))}))
    made.refresh_from_db()


def shown(made: Job) -> dict[str, dict]:
    made.refresh_from_db()
    return {step["name"]: step for step in job_data(made, Step.objects.of_jobs([made.pk])[made.pk])["steps"]}


@pytest.mark.django_db(transaction=True)
def test_it_runs_once_for_each_item_and_gathers_in_order():
    made = job("fan", input={"count": 12})
    drain_until(lambda: Job.objects.filter(pk=made.pk, finished_at__isnull=False).exists())
    made.refresh_from_db()
    assert made.status == "completed"
    assert made.result_row.data == {"parts": {"score": [number**2 for number in range(1, 13)]}}
    assert Attempt.objects.filter(outcome="succeeded").count() == 1 + 12 + 1 + 1
    assert set(Attempt.objects.values_list("name", flat=True)) == {"split", "score", "score[]", "end"}


@pytest.mark.django_db(transaction=True)
def test_it_leaves_none_where_a_tolerated_item_failed():
    made = job("tolerant_fan", input={"bad": [2]})
    drain_until(lambda: Job.objects.filter(pk=made.pk, finished_at__isnull=False).exists())
    made.refresh_from_db()
    assert (made.status, made.degraded, made.error_code) == ("completed", True, "")
    assert made.result_row.data == {"parts": {"score": [1, None, 9]}}


def test_it_makes_the_items_with_the_end_of_the_step_that_gives_them():
    made = job("fan")
    split(made, 3)
    rows = Step.objects.filter(job=made, part_of="score").order_by("index")
    assert [(row.name, row.title, row.index, row.item, row.status) for row in rows] == [
        ("score[1]", "Score 1 of 3", 1, 0, "queued"),
        ("score[2]", "Score 2 of 3", 2, 1, "queued"),
        ("score[3]", "Score 3 of 3", 3, 2, "queued"),
    ]
    assert statuses(made)["score"] == "pending"
    assert [(one.step.item, one.step.index) for one in claim()] == [(0, 1), (1, 2), (2, 3)]


def test_it_charges_its_owner_for_the_items():
    made = job("fan")
    before = Share.objects.get(user_id=made.owner_id).finish_tag
    seconds = steps(made)["score"].predicted_seconds
    split(made, 11)
    assert Share.objects.get(user_id=made.owner_id).finish_tag == pytest.approx(before + 10 * seconds)


def test_it_gathers_nothing_from_an_empty_list():
    made = job("fan")
    split(made, 0)
    (gathering,) = claim()
    assert (gathering.step.name, gathering.gathered) == ("score", [])


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ({"parts": 3}, "no list under “parts”"),
        ([1], "no list"),
        ({"parts": [0] * 1001}, "1,001 items; at most"),
    ],
)
def test_it_refuses_what_is_no_list_or_too_long(output, why):
    made = job("fan")
    (claimed,) = claim()
    settle(claimed, Succeeded(output))
    first = steps(made)["split"]
    assert (first.status, first.error_code) == ("retrying", "invalid_output")
    assert why in first.error_message


def test_it_finds_the_list_where_it_is_said_to_be():
    assert fan_out.list_in("split", [1, 2]) == [1, 2]
    with pytest.raises(InvalidOutput):
        fan_out.list_in("split", {"parts": [1]})


def test_it_fails_with_an_item_and_does_only_that_one_again():
    made = job("fan")
    split(made, 3)
    first, second, third = claim()
    settle(first, Succeeded("one"))
    settle(second, InvalidData("Not this one."))
    settle(third, Succeeded("three"))
    made.refresh_from_db()
    assert (made.status, made.error_message) == ("failed", "Not this one.")
    assert (statuses(made)["score"], statuses(made)["end"]) == ("failed", "failed")
    page = job_page(made)
    assert page.failed_step == "Score 2 of 3"
    assert page.outputs["score"] == ["one", "three"]
    actions.retry(made)
    (again,) = claim()
    assert again.step.name == "score[2]"
    settle(again, Succeeded("two"))
    (gathering,) = claim()
    assert gathering.gathered == ["one", "two", "three"]


def test_it_shows_the_items_as_figures_of_their_step():
    made = job("tolerant_fan")
    split(made, 4)
    first, second, *_ = claim()
    settle(first, Succeeded(1, {"confidence": 0.5}))
    settle(second, InvalidData("No."))
    told = shown(made)
    assert set(told) == {"split", "score", "end"}
    assert told["score"]["items"] == {"total": 4, "completed": 1, "failed": 1}
    assert (told["score"]["status"], told["score"]["progress"]) == ("processing", 0.5)
    assert told["score"]["quality"] == {"confidence": 0.5}
    assert told["split"]["items"] is None


def test_it_tells_of_a_thousand_items_in_a_small_frame():
    made = job("fan")
    split(made, 1000)
    told = job_data(made, Step.objects.of_jobs([made.pk])[made.pk])
    assert len(json.dumps(told)) < 5_000


def test_it_moves_the_bar_of_the_step_that_has_the_items():
    made = job("fan")
    split(made, 2)
    one, _ = claim()
    context = StepContext(one, registry.get("test.fan"), None, None, None, None)
    assert (context.item, context.index) == (0, 1)
    one.step.progress = 0.5
    data = progress_data(context, [])
    assert (data["step"], data["step_progress"]) == ("score", 0.25)


def test_it_takes_the_mean_of_what_items_say_of_their_quality():
    made = job("fan")
    split(made, 2)
    one, other = claim()
    settle(one, Succeeded(1, {"confidence": 1.0}))
    settle(other, Succeeded(2, {"confidence": 0.5}))
    made.refresh_from_db()
    assert made.quality == {"confidence": 0.75}


def test_it_stops_the_items_with_their_job():
    made = job("fan")
    split(made, 3)
    claim(1)
    actions.cancel(made)
    assert set(statuses(made).values()) == {"completed", "cancelled"}


def test_it_shows_items_on_the_page(client):
    made = job("fan")
    split(made, 5)
    settle(claim(1)[0], Succeeded(1))
    client.force_login(person())
    page = client.get(f"/jobs/{made.pk}/").content.decode()
    assert "1 of 5" in page
    assert "score[1]" not in page


def test_it_shows_items_in_the_admin(client, olivia):
    made = job("fan")
    split(made, 5)
    settle(claim(1)[0], Succeeded(1))
    client.force_login(olivia)
    page = client.get(f"/admin/jobs/job/{made.pk}/change/").content.decode()
    assert "1 of 5" in page
    assert "score[1]" not in page
