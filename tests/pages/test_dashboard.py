"""The dashboard, the lists, and what everybody sees around each page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from jobs.models import Job
from jobs.states import Status
from realtime.log import position
from shipspeak.accounts.models import User
from tests.jobs.engine import job as submitted
from tests.pages.samples import failed_meeting, finished_meeting, make_job

BrowserOf = Callable[[User], Client]
MOST_QUERIES = 12


@pytest.mark.parametrize(
    "path", ["/", "/dashboard/jobs/", "/jobs/", "/jobs/rows/", "/meetings/", "/meetings/new/", "/settings/"]
)
def test_it_asks_strangers_to_sign_in(client: Client, db: None, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={path}"


@pytest.mark.parametrize("path", ["/", "/jobs/", "/meetings/", "/settings/"])
def test_it_needs_few_queries(
    path: str, alice: User, browser_of: BrowserOf, django_assert_max_num_queries: Any
) -> None:
    browser = browser_of(alice)
    for _ in range(8):
        submitted("slow")
        make_job(alice, "test.chain", Status.PROCESSING)
        finished_meeting(alice)
        failed_meeting(alice)
    browser.get(path)  # whatever only the first page of a site's life has to make

    with django_assert_max_num_queries(MOST_QUERIES):
        assert browser.get(path).status_code == 200


def test_it_shows_what_is_under_way_and_what_is_done(alice: User, browser_of: BrowserOf) -> None:
    submitted("slow")
    make_job(alice, "test.chain", Status.PROCESSING, title="Chained")
    finished_meeting(alice)

    page = browser_of(alice).get("/")

    assert [row.job["title"] for row in page.context["active"]] == ["Chained", "Test: slow"]
    assert [row.job["title"] for row in page.context["recent"]] == ["Release"]
    assert page.context["active"][1].job["queue"]["position"] == 1
    assert page.context["glance"] == {"waiting": 1, "running": 1, "completed": 1, "failed": 0, "spent": 0}


def test_it_shows_nothing_of_others(alice: User, charlie: User, browser_of: BrowserOf) -> None:
    finished_meeting(alice)
    submitted("slow")

    browser = browser_of(charlie)

    for path in ("/", "/dashboard/jobs/", "/jobs/", "/meetings/"):
        assert "Release" not in browser.get(path).content.decode()
        assert "job-card" not in browser.get(path).content.decode()


def test_it_tells_the_scripts_where_the_page_stands_in_the_stream(alice: User, browser_of: BrowserOf) -> None:
    submitted("noop")
    at = position(f"user:{alice.pk}")

    page = browser_of(alice).get("/").content.decode()

    assert f'data-stream="user:{alice.pk}" data-epoch="{at.epoch}" data-seq="{at.seq}"' in page
    assert f'data-socket="/ws/" data-poll="/api/v1/streams/user:{alice.pk}/events/"' in page


def test_it_keeps_scripts_and_styles_out_of_the_page(alice: User, browser_of: BrowserOf) -> None:
    job = finished_meeting(alice)
    browser = browser_of(alice)

    for path in ("/", "/jobs/", f"/jobs/{job.pk}/", "/meetings/new/", "/settings/"):
        page = browser.get(path).content.decode()
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')


def test_it_draws_the_moving_part_alone(alice: User, browser_of: BrowserOf) -> None:
    submitted("slow")

    part = browser_of(alice).get("/dashboard/jobs/")

    assert "<html" not in part.content.decode()
    assert "Test: slow" in part.content.decode()
    assert "no-store" in part["Cache-Control"]


def found(page: Any) -> list[str]:
    return [row.job["title"] for row in page.context["rows"]]


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("", ["Third", "Second", "First"]),
        ("?status=failed", ["Second"]),
        ("?status=active", ["Third"]),
        ("?kind=test.chain", ["Third"]),
        ("?q=fir", ["First"]),
        ("?q=NOTES.vtt", ["First"]),
        ("?q=urgent-one", ["Second"]),
        ("?q=nothing", []),
        ("?status=nonsense&kind=nonsense", ["Third", "Second", "First"]),
        ("?status=failed&kind=nonsense", ["Second"]),
    ],
)
def test_it_filters_jobs(asked: str, titles: list[str], alice: User, browser_of: BrowserOf) -> None:
    make_job(alice, title="First", filename="notes.vtt")
    make_job(alice, title="Second", status=Status.FAILED, tags=Job.joined(["urgent-one"]))
    make_job(alice, "test.chain", Status.PROCESSING, title="Third")

    assert found(browser_of(alice).get(f"/jobs/{asked}")) == titles


def test_it_pages_through_jobs_and_new_ones_do_not_shift_the_pages(
    alice: User, browser_of: BrowserOf
) -> None:
    browser = browser_of(alice)
    for number in range(60):
        make_job(alice, "test.noop", title=f"Job {number}")

    seen: list[str] = []
    page = browser.get("/jobs/")
    seen += found(page)
    make_job(alice, "test.noop", title="New")
    while page.context["older"]:
        page = browser.get(f"/jobs/?{page.context['older']}")
        seen += found(page)

    assert seen == [f"Job {number}" for number in reversed(range(60))]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/jobs/", "/jobs/rows/"),
        ("/jobs/?status=active&q=no", "/jobs/rows/?status=active&amp;q=no"),
        ("/meetings/", "/jobs/rows/?kind=meeting"),
    ],
)
def test_it_draws_the_rows_of_a_list_alone_for_news(
    path: str, part: str, alice: User, browser_of: BrowserOf
) -> None:
    finished_meeting(alice)
    make_job(alice, "test.chain", Status.PROCESSING, title="No. 2")
    browser = browser_of(alice)

    page = browser.get(path)
    rows = browser.get(part.replace("&amp;", "&"))

    assert f'<live-part data-partial="{part}" data-on="job.queued ' in page.content.decode()
    assert found(rows) == found(page)
    assert "<html" not in rows.content.decode()


@pytest.mark.parametrize("path", ["/jobs/", "/meetings/"])
def test_it_leaves_later_pages_of_a_list_as_they_are(path: str, alice: User, browser_of: BrowserOf) -> None:
    for _ in range(26):
        make_job(alice)
    browser = browser_of(alice)

    page = browser.get(path)
    later = browser.get(f"{path}?{page.context['older']}").content.decode()

    assert 'rel="next"' in page.content.decode()
    assert "live-part" not in later
    assert "Newest" in later


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "2026-01-01~x",
        "2026-01-01T00:00:00~" + "0" * 32,
        "9999-12-31T23:59:59-23:59~" + "0" * 32,
        "0001-01-01T00:00:00%2B23:59~" + "0" * 32,
        "~",
        "%00",
    ],
)
def test_it_begins_at_the_first_page_for_a_cursor_that_is_none(
    cursor: str, alice: User, browser_of: BrowserOf
) -> None:
    make_job(alice, title="Only")

    assert found(browser_of(alice).get(f"/jobs/?after={cursor}")) == ["Only"]


def test_it_lists_only_meetings_among_the_meetings(alice: User, browser_of: BrowserOf) -> None:
    finished_meeting(alice)
    make_job(alice, "test.noop", title="Other")

    assert found(browser_of(alice).get("/meetings/")) == ["Release"]
