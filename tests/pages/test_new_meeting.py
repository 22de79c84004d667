"""The form for a new meeting, as it works without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs import budgets
from jobs.models import Job, Upload
from shipspeak.accounts.models import User
from tests.pages.samples import TIMED, UNTIMED

NEW = "/meetings/new/"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


@pytest.fixture
def browser(alice: User, browser_of: Callable[[User], Client]) -> Client:
    """Alice's browser."""
    return browser_of(alice)


def send(browser: Client, content: bytes | str, name: str = "release.vtt") -> Any:
    content = content.encode() if isinstance(content, str) else content
    return browser.post(NEW, {"file": SimpleUploadedFile(name, content)})


def files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_it_starts_the_analysis_of_a_file(alice: User, browser: Client) -> None:
    answer = send(browser, TIMED)

    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert (job.kind, job.owner, job.status, job.filename) == ("meeting", alice, "queued", "release.vtt")
    assert job.upload is not None
    assert job.upload.media_type == "text/vtt"


def test_it_starts_the_analysis_of_a_pasted_text(browser: Client) -> None:
    answer = browser.post(NEW, {"text": UNTIMED, "title": "Stand-up", "focus": "the release"})

    job = Job.objects.get()
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert job.title == "Stand-up"
    assert job.input["text"] == UNTIMED.strip()
    assert job.options["focus"] == "the release"


@pytest.mark.parametrize(
    ("content", "name", "status", "says"),
    [
        (b"", "empty.vtt", 400, "empty"),
        (PNG, "picture.vtt", 415, "WebVTT|text/vtt"),
        ("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n[music]\n", "silent.vtt", 400, "word"),
    ],
)
def test_it_says_what_is_wrong_with_a_file_and_creates_nothing(
    content: bytes | str, name: str, status: int, says: str, browser: Client
) -> None:
    before = files()

    answer = send(browser, content, name)

    assert answer.status_code == status
    (error,) = answer.context["file"].errors["file"]
    assert any(word in error for word in says.split("|")), error
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Job.objects.exists()
    assert not Upload.objects.exists()
    assert files() == before


def test_it_refuses_a_file_that_is_too_big(browser: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 100

    answer = send(browser, TIMED)

    assert answer.status_code == 413
    assert "at most 100 bytes" in answer.context["file"].errors["file"][0]
    assert not Upload.objects.exists()


def test_it_asks_for_a_file_when_none_was_chosen(browser: Client) -> None:
    answer = browser.post(NEW, {})

    assert answer.status_code == 400
    assert answer.context["file"].errors["file"] == ["Choose a file first: WebVTT, SubRip or plain text."]


@pytest.mark.parametrize(("text", "says"), [("", "Paste the transcript"), ("...", "word")])
def test_it_says_what_is_wrong_with_a_text_and_keeps_what_was_typed(
    text: str, says: str, browser: Client
) -> None:
    answer = browser.post(NEW, {"text": text, "title": "Kept title"})

    assert answer.status_code == 400
    assert says in answer.context["text"].errors["text"][0]
    assert "Kept title" in answer.content.decode()
    assert not Job.objects.exists()


def test_it_says_that_one_has_too_many_jobs_waiting(browser: Client, settings: Any) -> None:
    settings.QUEUE_MAX_PER_USER = 0

    answer = send(browser, TIMED)

    assert answer.status_code == 429
    assert not Upload.objects.exists()


def test_it_says_what_is_left_when_the_budget_does_not_reach(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(owner_id: int, estimates: object) -> None:
        raise budgets.exceeded(owner_id, Decimal("0.02"), datetime(2026, 3, 2, tzinfo=UTC))

    monkeypatch.setattr(budgets, "check", check)

    answer = send(browser, TIMED)

    assert answer.status_code == 402
    page = answer.content.decode()
    assert "more than is left of your budget for today" in page
    assert "$0.0200. It renews at 2026-03-03 00:00 UTC." in page
    assert not Job.objects.exists()


def test_it_wants_a_token_with_the_form(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)

    answer = browser.post(NEW, {"text": UNTIMED})

    assert answer.status_code == 403
    assert "This page was open for too long" in answer.content.decode()
    assert not Job.objects.exists()


def test_it_tells_scripts_where_to_send_a_file(browser: Client) -> None:
    page = browser.get(NEW).content.decode()

    limit = settings.UPLOAD_MAX_BYTES
    assert (
        '<drop-zone data-upload="/api/v1/uploads/" data-parts="/api/v1/uploads/resumable/" '
        f'data-jobs="/api/v1/jobs/" data-max-bytes="{limit}" data-kind="meeting" data-list="/jobs/" '
        'data-input-fields="title" data-option-fields="focus">'
    ) in page
    assert "data-upload-bar" in page
    assert "data-message" in page
