"""An answer that was paid for once is never paid for twice, whoever dies or changes their mind."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs import actions
from jobs.models import Attempt, Job, ProviderCall
from tests.fake_openai.fixtures import Served
from tests.jobs.drain_process import drain_process, url_of_tests
from tests.jobs.engine import job, steps
from tests.processes import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


def drain(folder: Path, service: Served):
    """A drain process that asks ``service``, whose answers have a price."""
    return drain_process(
        folder,
        url_of_tests(),
        SHIPSPEAK_PROVIDERS="openai",
        OPENAI_API_KEY="test",
        OPENAI_BASE_URL=service.url,
        OPENAI_MODEL="gpt-5-mini",
        PROCESSING_RETRY_BASE="0",
    )


def told(folder: Path) -> str:
    return (folder / "drain.log").read_text()


def is_paid() -> bool:
    return ProviderCall.objects.filter(outcome=ProviderCall.Outcome.SUCCEEDED).exists()


def assert_paid_once(made: Job, service: Served, outcomes: list[str]) -> None:
    made.refresh_from_db()
    assert (made.status, made.result_row.data["attempt"]) == ("completed", 2)
    assert service.app.seen.calls == 1
    first, second = Attempt.objects.order_by("number")
    assert [first.outcome, second.outcome] == outcomes
    assert first.cost_usd > 0
    assert not second.cost_usd
    assert made.cost_usd == steps(made)["only"].cost_usd == first.cost_usd


def test_it_goes_on_with_the_answer_after_its_worker_was_killed(tmp_path, fake_openai):
    made = job("ask_then_wait", input={"text": "hello"})
    with drain(tmp_path, fake_openai) as doomed:
        until(is_paid, "the answer is stored", tell=lambda: told(tmp_path))
        doomed.kill()
    with drain(tmp_path, fake_openai):
        until(Job.objects.filter(finished_at__isnull=False).exists, "done", tell=lambda: told(tmp_path))
    assert_paid_once(made, fake_openai, ["lost", "succeeded"])


def test_it_goes_on_with_the_answer_after_it_was_cancelled_and_retried(tmp_path, fake_openai):
    made = job("ask_then_wait", input={"text": "hello"})
    with drain(tmp_path, fake_openai):
        until(is_paid, "the answer is stored", tell=lambda: told(tmp_path))
        actions.cancel(made)
        until(Attempt.objects.filter(outcome="cancelled").exists, "stopped", tell=lambda: told(tmp_path))
        actions.retry(made)
        until(Job.objects.filter(finished_at__isnull=False).exists, "done", tell=lambda: told(tmp_path))
    assert_paid_once(made, fake_openai, ["cancelled", "succeeded"])
