"""What is told of the checks that answers passed: of the attempt that counts, and of all steps of a job."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from jobs import wording
from jobs.graph import Graph
from jobs.models import Job, Step
from tests.fake_openai.fixtures import Served
from tests.fake_openai.orders import Order
from tests.jobs.engine import drain_until, job, person


def is_over() -> bool:
    return Job.objects.exclude(finished_at=None).exists()


def told_by(*qualities: dict[str, float]) -> dict[str, float]:
    steps = [Step(name=str(n), status="completed", quality=one) for n, one in enumerate(qualities)]
    return Graph(Job(), steps).quality()


def test_a_jobs_validation_is_the_mean_of_its_steps_and_not_that_of_the_last():
    assert told_by({"validation": 0.0}, {"coverage": 0.5}, {"validation": 1.0}) == {
        "validation": 0.5,
        "coverage": 0.5,
    }


def test_a_job_of_which_nothing_was_checked_tells_no_validation():
    assert told_by({"coverage": 0.4}, {"coverage": 0.5}) == {"coverage": 0.5}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "valid"),
        (0.0, "valid after one repair"),
        (0.5, "50% valid, the rest after one repair"),
    ],
)
def test_it_says_in_words_what_the_check_found(value: float, words: str):
    assert wording.validity(value) == words


@pytest.fixture
def service(fake_openai: Served, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The first provider; progress is written as soon as it is known."""
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_BASE_URL = "openai,local", fake_openai.url
    settings.OPENAI_MODEL = "some-model"
    settings.PROCESSING_MAX_RETRIES, settings.PROCESSING_RETRY_BASE = 0, 0.0
    monkeypatch.setattr("jobs.worker.KEEP_SECONDS", 0.0)
    return fake_openai


@pytest.mark.django_db(transaction=True)
def test_it_tells_nothing_of_an_attempt_whose_answer_was_not_used(service: Served):
    service.order(Order(wrong=True), Order(wrong=True, stall=1.0))
    made = job("number", input={"text": "forty-two"})
    seen = []

    def watching() -> bool:
        seen.append(Step.objects.get().quality)
        return is_over()

    drain_until(watching)
    made.refresh_from_db()
    assert {"validation": 0.0} in seen, "it was told while it went on"
    assert (made.status, made.offline, made.quality) == ("completed", True, {})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("orders", "words"), [([], "valid"), ([Order(wrong=True)], "valid after one repair")]
)
def test_the_table_of_steps_says_what_the_check_found(service: Served, orders: list[Order], words: str):
    service.order(*orders)
    made = job("number", input={"text": "forty-two"})
    drain_until(is_over)
    browser = Client()
    browser.force_login(person())
    page = browser.get(f"/jobs/{made.pk}/").content.decode()
    assert f"<td>{words}</td>" in page
