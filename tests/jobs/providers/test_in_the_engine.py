"""Providers, the chain and the retry decision at work in a drain."""

from __future__ import annotations

import pytest

from jobs.models import Attempt
from tests.fake_openai.fixtures import Served
from tests.fake_openai.orders import Order, out_of_credit
from tests.jobs.engine import drain_until, job, steps

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ended(fake_openai: Served, settings):
    """Runs a job that asks one question, and gives its row as it ended."""
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_BASE_URL = "openai,local", fake_openai.url
    settings.OPENAI_MODEL, settings.PROCESSING_RETRY_BASE = "gpt-5-mini", 0.0

    def run():
        made = job("ask", input={"text": "We ship on Friday."})
        drain_until(lambda: steps(made)["only"].status in ("completed", "failed"))
        made.refresh_from_db()
        return made

    return run


def test_a_job_is_answered_by_the_service(ended, fake_openai):
    made = ended()
    step = steps(made)["only"]
    assert (made.status, made.degraded, made.offline) == ("completed", False, False)
    assert (step.provider, step.model) == ("openai", "gpt-5-mini")
    assert made.cost_usd > 0
    assert fake_openai.app.seen.calls == 1


def test_a_service_that_falls_ill_is_asked_again(ended, fake_openai):
    fake_openai.order(Order(status=500), Order(cut=2))
    made = ended()
    assert (made.status, made.degraded) == ("completed", False)
    failures = Attempt.objects.filter(step__job=made, outcome="failed").order_by("number")
    assert [one.error_code for one in failures] == ["provider_unavailable", "provider_unreachable"]


def test_a_service_without_credit_is_passed_over_at_once(ended, fake_openai):
    fake_openai.app.always = out_of_credit()
    made = ended()
    assert (made.status, made.degraded, made.offline) == ("completed", True, True)
    assert steps(made)["only"].provider == "local"
    assert fake_openai.app.seen.calls == 1


def test_a_service_that_stays_ill_is_passed_over_after_all_retries(ended, fake_openai, settings):
    settings.PROCESSING_MAX_RETRIES = 2
    fake_openai.app.always = Order(status=503)
    made = ended()
    assert (made.status, made.degraded, made.offline) == ("completed", True, True)
    assert fake_openai.app.seen.calls == 3
