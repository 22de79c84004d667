"""A job's page: how far it is, what came of it, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from jobs.models import Job, JobResult, Step
from jobs.states import Status
from shipspeak.accounts.models import User
from tests.jobs.engine import claim, settle
from tests.jobs.engine import job as submitted
from tests.pages.samples import UNTIMED, failed_meeting, finished_meeting, make_job

BrowserOf = Callable[[User], Client]


@pytest.fixture
def browser(alice: User, browser_of: BrowserOf) -> Client:
    """Alice's browser."""
    return browser_of(alice)


def text(answer: Any) -> str:
    """The page, with its white space evened out."""
    return " ".join(answer.content.decode().split())


def test_it_shows_the_place_of_a_job_that_waits(browser: Client) -> None:
    submitted("slow")
    job = submitted("slow")

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert '<dd data-field="position">2</dd>' in page
    assert '<dd data-field="ahead">1</dd>' in page
    assert "Waiting for a free worker" in page
    assert f'data-job="{job.pk}" data-status="queued" data-partial="/jobs/{job.pk}/view/"' in page


def test_it_shows_how_far_a_job_is(alice: User, browser: Client) -> None:
    quality = {"coverage": 0.5, "own_word": 1}
    job = make_job(alice, status=Status.PROCESSING, stage="Counting", quality=quality)

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert '<p class="progress__percent" data-field="percent">40%</p>' in page
    assert 'aria-live="polite">Counting</p>' in page
    assert '<dd data-field="quality.coverage">50%</dd>' in page
    assert '<dd data-field="quality.evidence"></dd>' in page
    assert '<dt>Own word</dt><dd data-field="quality.own_word">100%</dd>' in page
    assert (
        'data-bar aria-label="Progress of the job" aria-valuemin="0" aria-valuemax="100" aria-valuenow="40"'
        in page
    )
    assert page.count("data-step=") == 6
    assert '<meta http-equiv="refresh" content="5">' in page


def test_it_does_not_reload_once_the_job_is_over(alice: User, browser: Client) -> None:
    assert "http-equiv" not in text(browser.get(f"/jobs/{finished_meeting(alice).pk}/"))


@pytest.mark.parametrize("make", [finished_meeting, failed_meeting, lambda _: submitted("chain")])
@pytest.mark.parametrize("part", ["", "view/", "card/"])
def test_it_needs_few_queries(
    make: Callable[[User], Job], part: str, alice: User, browser: Client, django_assert_max_num_queries: Any
) -> None:
    job = make(alice)
    browser.get("/")  # whatever only the first page of a site's life has to make

    with django_assert_max_num_queries(12):
        answer = browser.get(f"/jobs/{job.pk}/{part}")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_it_shows_the_report_of_a_meeting(alice: User, browser: Client) -> None:
    job = finished_meeting(alice)

    page = text(browser.get(f"/jobs/{job.pk}/"))

    for heading in ("Summary", "Decisions", "Action items", "Topics", "Communication", "Transcript"):
        assert f">{heading}</h2>" in page
    assert '<a class="ref" href="#turn-1"' in page
    assert 'id="turn-1"' in page
    assert "Keep them short." in page
    assert "Offline</span>" in page
    assert f'href="/api/v1/jobs/{job.pk}/export.md"' in page
    assert f'href="/api/v1/jobs/{job.pk}/export.json"' in page


def test_it_shows_no_words_of_a_transcript_as_markup(alice: User, browser: Client) -> None:
    job = finished_meeting(alice, "<i>Eve</i>: Hello <script>alert(1)</script> there.\nAnn: Hi & bye.\n")

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page or "alert(1)" not in page
    assert "Hi &amp; bye." in page


def test_it_says_why_a_number_is_not_known(alice: User, browser: Client) -> None:
    page = text(browser.get(f"/jobs/{finished_meeting(alice, UNTIMED).pk}/"))

    assert "Not known. The transcript has no times." in page
    assert '<abbr title="The transcript has no times.">n/a</abbr>' in page


def test_it_says_what_failed_why_and_what_to_do_and_shows_the_rest(alice: User, browser: Client) -> None:
    page = text(browser.get(f"/jobs/{failed_meeting(alice).pk}/"))

    assert "“Summary and decisions” could not be done" in page
    assert "The AI service refuses this request: it is too long." in page
    assert "Submit it anew with another input." in page
    assert "Ask the person who runs this ShipSpeak" in page
    assert ">Who spoke, and how</h2>" in page
    assert ">Summary</h2>" not in page
    assert "Try again" in page


def test_it_says_what_a_degraded_result_lacks(alice: User, browser: Client) -> None:
    job = make_job(alice, "test.optional", degraded=True)
    Step.objects.filter(job=job, name="extra").update(
        status=Status.FAILED, error_code="provider_error", error_message="It did not answer."
    )
    JobResult.objects.create(job=job, data={"parts": {}})

    assert "“Extra part” is missing: It did not answer." in text(browser.get(f"/jobs/{job.pk}/"))


def test_it_shows_a_result_that_no_template_draws_as_data(alice: User, browser: Client) -> None:
    job = make_job(alice, "test.chain")
    JobResult.objects.create(job=job, data={"answer": "<b>42</b>"})

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert "&quot;answer&quot;: &quot;&lt;b&gt;42&lt;/b&gt;&quot;" in page


def test_it_shows_an_empty_result_as_one(alice: User, browser: Client) -> None:
    job = make_job(alice, "test.noop")
    JobResult.objects.create(job=job, data={})

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert "no longer kept" not in page
    assert "export.json" in page


def test_it_says_when_a_result_is_no_longer_kept(alice: User, browser: Client) -> None:
    page = text(browser.get(f"/jobs/{make_job(alice).pk}/"))

    assert "The result is no longer kept" in page
    assert "export.md" not in page


def test_it_still_shows_a_job_of_a_kind_that_is_gone(alice: User, browser: Client) -> None:
    job = make_job(alice, "test.noop")
    Job.objects.filter(pk=job.pk).update(kind="gone")
    JobResult.objects.create(job=job, data={"a": 1})

    assert browser.get(f"/jobs/{job.pk}/").status_code == 200
    assert browser.get("/jobs/").status_code == 200


@pytest.mark.parametrize("part", ["", "view/", "card/"])
def test_it_knows_nothing_of_others_jobs(
    part: str, alice: User, charlie: User, olivia: User, browser_of: BrowserOf
) -> None:
    job = finished_meeting(alice)

    for stranger in (charlie, olivia):
        assert browser_of(stranger).get(f"/jobs/{job.pk}/{part}").status_code == 404
    assert browser_of(alice).get(f"/jobs/{uuid4()}/{part}").status_code == 404


@pytest.mark.parametrize("verb", ["cancel", "retry", "priority"])
def test_it_lets_nobody_else_act_on_a_job(
    verb: str, alice: User, charlie: User, browser_of: BrowserOf
) -> None:
    job = submitted("slow")

    answer = browser_of(charlie).post(f"/jobs/{job.pk}/{verb}/", {"priority": "high"})

    job.refresh_from_db()
    assert answer.status_code == 404
    assert (job.status, job.priority) == (Status.QUEUED, 1)


@pytest.mark.parametrize("verb", ["cancel", "retry", "priority"])
def test_it_acts_on_a_job_only_when_a_form_asks(verb: str, browser: Client) -> None:
    job = submitted("slow")

    assert browser.get(f"/jobs/{job.pk}/{verb}/").status_code == 405
    assert Client(enforce_csrf_checks=True).post(f"/jobs/{job.pk}/{verb}/").status_code == 403


def test_it_cancels_and_starts_again(browser: Client) -> None:
    job = submitted("slow")

    page = text(browser.post(f"/jobs/{job.pk}/cancel/", follow=True))
    assert "The job is cancelled." in page
    assert "Start again" in page

    page = text(browser.post(f"/jobs/{job.pk}/retry/", follow=True))
    assert "goes on where it stopped" in page
    job.refresh_from_db()
    assert job.status == Status.QUEUED


def test_it_says_why_a_job_can_no_longer_be_cancelled(browser: Client) -> None:
    job = submitted("noop")
    (claimed,) = claim()
    settle(claimed)

    page = text(browser.post(f"/jobs/{job.pk}/cancel/", follow=True))

    assert "This job is completed; only one that is not over can be cancelled." in page


@pytest.mark.parametrize(("chosen", "priority"), [("high", 2), ("low", 0), ("nonsense", 1), ("", 1)])
def test_it_changes_a_priority(chosen: str, priority: int, browser: Client) -> None:
    job = submitted("slow")

    answer = browser.post(f"/jobs/{job.pk}/priority/", {"priority": chosen}, follow=True)

    job.refresh_from_db()
    assert answer.status_code == 200
    assert job.priority == priority
