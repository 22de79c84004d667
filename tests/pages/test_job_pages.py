"""A job's page: how far it is, what came of it, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from jobs.models import Job, Step
from jobs.states import Status
from shipspeak.accounts.models import User
from tests.jobs.engine import claim, keep_result, settle
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


@pytest.mark.parametrize(("quality", "shown"), [({"validation": 0.5}, True), ({}, False)])
def test_a_report_says_how_many_answers_were_valid_at_once_if_any_was_checked(
    quality: dict[str, float], shown: bool, alice: User, browser: Client
) -> None:
    job = finished_meeting(alice)
    Job.objects.filter(pk=job.pk).update(quality=quality)

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert ("<dt>Valid at once</dt><dd>50%</dd>" in page) is shown
    assert ("Valid at once" in page) is shown


@pytest.mark.parametrize(
    ("status", "steps", "stage", "words"),
    [
        (Status.QUEUED, Status.QUEUED, "", "Waiting for a free worker"),
        (Status.PROCESSING, Status.PROCESSING, "", "Transcript"),
        (Status.PROCESSING, Status.PROCESSING, "Reading", "Reading"),
        (Status.PROCESSING, Status.QUEUED, "Reading", "Waiting for the next step to start"),
        (Status.RETRYING, Status.RETRYING, "Reading", "Waiting to try again"),
    ],
)
def test_it_says_what_goes_on(
    status: Status, steps: Status, stage: str, words: str, alice: User, browser: Client
) -> None:
    job = make_job(alice, status=status, stage=stage)
    Step.objects.filter(job=job).update(status=steps)

    assert f'aria-live="polite">{words}</p>' in text(browser.get(f"/jobs/{job.pk}/"))
    assert f'data-field="stage">{words}</span>' in text(browser.get("/jobs/"))


def test_it_claims_nothing_of_steps_that_never_ran(browser: Client) -> None:
    job = submitted("slow")
    browser.post(f"/jobs/{job.pk}/cancel/")

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert "How far it came" in page
    assert "How it was made" not in page
    assert "this server" not in page
    assert '<span class="step__note">Cancelled</span>' in page


def test_it_counts_no_tokens_where_no_service_wrote_any(alice: User, browser: Client) -> None:
    job = make_job(alice, status=Status.PROCESSING)
    Step.objects.filter(job=job).update(tokens_in=0, tokens_out=0)

    assert '<dd data-field="tokens_out"></dd>' in text(browser.get(f"/jobs/{job.pk}/"))


def test_it_has_a_place_for_what_each_step_writes(alice: User, browser: Client) -> None:
    job = make_job(alice, status=Status.PROCESSING)

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert f'<job-draft data-job="{job.pk}" hidden>' in page
    assert page.count("data-draft=") == job.steps.count()
    assert "job-draft" not in text(browser.get(f"/jobs/{finished_meeting(alice).pk}/"))


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
    assert "Submit it again with a different file or text." in page
    assert "Ask the person who runs this ShipSpeak" in page
    assert ">Who spoke, and how</h2>" in page
    assert ">Summary</h2>" not in page
    assert "Try again" in page


def test_it_says_what_a_degraded_result_lacks(alice: User, browser: Client) -> None:
    job = make_job(alice, "test.optional", degraded=True)
    Step.objects.filter(job=job, name="extra").update(
        status=Status.FAILED, error_code="provider_error", error_message="It did not answer."
    )
    keep_result(job, {"parts": {}})

    assert "“Extra part” is missing: It did not answer." in text(browser.get(f"/jobs/{job.pk}/"))


def test_it_shows_a_result_that_no_template_draws_as_data(alice: User, browser: Client) -> None:
    job = make_job(alice, "test.chain")
    keep_result(job, {"answer": "<b>42</b>"})

    page = text(browser.get(f"/jobs/{job.pk}/"))

    assert "&quot;answer&quot;: &quot;&lt;b&gt;42&lt;/b&gt;&quot;" in page


def test_it_shows_an_empty_result_as_one(alice: User, browser: Client) -> None:
    job = make_job(alice, "test.noop")
    keep_result(job, {})

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
    keep_result(job, {"a": 1})

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
    assert "carries on where it stopped" in page
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


def test_it_offers_a_priority_only_while_something_of_the_job_waits(browser: Client) -> None:
    job = submitted("diamond")
    address = f"/jobs/{job.pk}/priority/"
    for _ in range(3):
        claimed = claim()
        waits = any(step.status in ("pending", "queued") for step in job.steps.all())
        assert (address in browser.get(f"/jobs/{job.pk}/").content.decode()) == waits
        for one in claimed:
            settle(one)
    assert address not in browser.get(f"/jobs/{job.pk}/").content.decode()
