from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import Client

from jobs import uploads
from jobs.actions import Submission, submit
from jobs.api.answers import UploadGiven
from jobs.models import Job, Upload
from realtime.models import Event
from tests.factories import PASSWORD
from tests.jobs.filing import CONTENT, MEDIA_TYPE

UPLOADS = "/api/v1/uploads/"


@pytest.fixture
def send(alice, api_of):
    api = api_of(alice)

    def post(content=CONTENT, name="notes.txt", **headers):
        return api.post(
            UPLOADS, {"file": SimpleUploadedFile(name, content)}, format="multipart", headers=headers
        )

    return post


def files(settings):
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_it_keeps_a_file_and_says_what_it_is(send, settings, alice):
    answer = send()
    assert answer.status_code == 201
    given = UploadGiven.model_validate_json(answer.content)
    assert (given.filename, given.size, given.media_type) == ("notes.txt", len(CONTENT), MEDIA_TYPE)
    assert given.sha256 == hashlib.sha256(CONTENT).hexdigest()
    (kept,) = files(settings)
    assert kept.read_bytes() == CONTENT
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "notes" not in str(kept.relative_to(settings.MEDIA_ROOT))
    event = Event.objects.get()
    assert (event.name, event.data["upload"]["id"]) == ("upload.completed", str(given.id))
    assert event.stream.name == f"user:{alice.pk}"


def test_it_makes_a_job_of_an_upload(send, alice, api_of):
    upload = send(name="plan.txt").json()
    answer = api_of(alice).post("/api/v1/jobs/", {"kind": "test.filing", "upload": upload["id"]})
    assert answer.status_code == 202
    assert answer.json()["title"] == "plan.txt"


def test_it_refuses_before_the_job_what_the_kind_can_not_use(send, alice, api_of):
    upload = send(b"\0FILE").json()
    answer = api_of(alice).post("/api/v1/jobs/", {"kind": "test.filing", "upload": upload["id"]})
    assert (answer.status_code, answer.json()["detail"]) == (400, "There is nothing in this file.")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("content", "status", "code", "word"),
    [
        (b"", 400, "empty_file", "empty"),
        (b" \r\n\t" * 200, 400, "empty_file", "The file is empty. Choose one that has something in it."),
        (b"\xef\xbb\xbf\n", 400, "empty_file", "empty"),
        ("\n \n".encode("utf-16"), 400, "empty_file", "empty"),
        (b"\x89PNG\r\n\x1a\n", 415, "unsupported_file_type", MEDIA_TYPE),
        (b"\0FILE" + b"x" * 1000, 413, "file_too_big", "1e+03 bytes"),
    ],
)
def test_it_refuses_what_it_can_not_take_and_keeps_nothing(send, settings, content, status, code, word):
    settings.UPLOAD_MAX_BYTES = 1000
    answer = send(content)
    assert answer.status_code == status
    problem = answer.json()
    assert (problem["code"], answer["Content-Type"]) == (code, "application/problem+json")
    assert word in problem["detail"]
    assert not Upload.objects.exists()
    assert files(settings) == []


def test_it_refuses_by_its_length_what_is_far_too_big_without_reading_it(alice, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    client = Client()
    client.force_login(alice)
    answer = client.generic(
        "POST", UPLOADS, b"", "multipart/form-data; boundary=x", CONTENT_LENGTH="99999999"
    )
    assert answer.status_code == 413


def test_it_stops_reading_where_the_length_was_a_lie(send, settings, monkeypatch):
    settings.UPLOAD_MAX_BYTES = 1000
    read = []
    original = uploads.take_in
    monkeypatch.setattr(uploads, "take_in", lambda *given: read.append(given) or original(*given))
    assert send(b"\0FILE" + b"x" * 5000).status_code == 413
    assert read == []


@pytest.mark.parametrize(
    "body", [{}, {"file": "text"}, {"other": SimpleUploadedFile("a", CONTENT)}], ids=["none", "text", "other"]
)
def test_it_says_so_when_there_is_no_file(alice, api_of, body):
    answer = api_of(alice).post(UPLOADS, body, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (400, "no_file")


def test_it_takes_only_forms(alice, api_of):
    answer = api_of(alice).post(UPLOADS, {"file": "x"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_it_leaves_no_file_behind_when_the_row_can_not_be_written(alice, settings, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(Upload, "save", fail)
    with pytest.raises(DatabaseError):
        uploads.take_in(alice, SimpleUploadedFile("a", CONTENT))
    assert files(settings) == []


def test_it_leaves_no_file_behind_when_the_disk_is_full(alice, settings, monkeypatch):
    written = FileSystemStorage._save

    def fail(self, name, content):
        written(self, name, content)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", fail)
    with pytest.raises(OSError, match="No space"):
        uploads.take_in(alice, SimpleUploadedFile("a", CONTENT))
    assert files(settings) == []
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\notes.vtt", "notes.vtt"),
        ("a\x00b\x1b[31m.txt", "ab[31m.txt"),
        ("invoice\u202etxt.exe", "invoicetxt.exe"),
        ("  spaced \t out .vtt ", "spaced out .vtt"),
        ("Réunion ☕ 会議.vtt", "Réunion ☕ 会議.vtt"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        ("..", "file"),
        ("", "file"),
        ("x" * 300 + ".vtt", "x" * 251 + ".vtt"),
        ("\ud800.txt", "txt"),
    ],
)
def test_it_shows_a_name_that_is_fit_to_be_shown(given, shown):
    assert uploads.shown_name(given) == shown


def test_it_never_has_a_file_in_memory(send, monkeypatch):
    seen = []
    original = uploads.take_in
    from jobs.api.views import uploads as view

    def look(owner, file, *rest):
        seen.append(type(file).__name__)
        return original(owner, file, *rest)

    monkeypatch.setattr(view, "take_in", look)
    assert send().status_code == 201
    assert seen == ["TemporaryUploadedFile"]


def test_it_wants_the_token_of_a_page_from_a_browser(alice, settings):
    browser = Client(enforce_csrf_checks=True)
    browser.login(username="alice", password=PASSWORD)
    answer = browser.post(UPLOADS, {"file": SimpleUploadedFile("a.txt", CONTENT)})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    browser.get("/sign-in/")
    browser.cookies["csrftoken"] = "a" * 32
    answer = browser.post(
        UPLOADS, {"file": SimpleUploadedFile("a.txt", CONTENT)}, headers={"X-CSRFToken": "a" * 32}
    )
    assert answer.status_code == 201
    (kept,) = files(settings)
    assert kept.read_bytes() == CONTENT


def test_it_takes_no_more_files_than_anybody_needs(send, settings, alice):
    settings.UPLOAD_MAX_BYTES = len(CONTENT)
    answers = [send(CONTENT) for _ in range(21)]
    assert [one.status_code for one in answers] == [201] * 20 + [429]
    assert answers[-1].json()["code"] == "too_many_uploads"
    submit(alice, Submission("test.filing", upload=Upload.objects.first()))
    assert send(CONTENT).status_code == 201, "a file that a job uses does not count"
