"""Uploads in parts: tus 1.0, and what must not get lost or mixed up by it."""

from __future__ import annotations

import base64
import fcntl
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from jobs import resumable, retention, uploads
from jobs.api.answers import ResumableUploadGiven
from jobs.models import ResumableUpload, Upload
from realtime import signals
from realtime.models import Event
from tests.factories import PASSWORD
from tests.jobs.filing import CONTENT, MEDIA_TYPE

ADDRESS = "/api/v1/uploads/resumable/"
TUS = {"Tus-Resumable": "1.0.0"}
PART = "application/offset+octet-stream"
WHOLE = len(CONTENT)


def metadata(filename: str) -> str:
    return f"filename {base64.b64encode(filename.encode()).decode()},filetype dGV4dC9wbGFpbg=="


@pytest.fixture
def api(alice, api_of):
    return api_of(alice)


@pytest.fixture
def begin(api):
    def post(size=WHOLE, name="notes.txt", **headers):
        sent = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(name), **headers}
        return api.post(ADDRESS, headers=sent)

    return post


@pytest.fixture
def place(begin):
    return begin().headers["Location"]


def send(api, place, offset, content, **headers):
    sent = {**TUS, "Upload-Offset": str(offset), **headers}
    return api.generic("PATCH", place, content, content_type=PART, headers=sent)


def stands(api, place):
    return int(api.head(place, headers=TUS).headers["Upload-Offset"])


def parts(settings):
    return [path for path in (Path(settings.MEDIA_ROOT) / "parts").rglob("*") if path.is_file()]


def code(answer):
    return answer.status_code, answer.json()["code"]


def test_it_says_what_it_speaks(api, settings):
    answer = api.options(ADDRESS)
    assert answer.status_code == 204
    assert answer.headers["Tus-Resumable"] == answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,termination,expiration"
    assert answer.headers["Tus-Max-Size"] == str(settings.UPLOAD_MAX_BYTES)


def test_a_file_comes_in_parts_and_becomes_an_upload(api, begin, alice, settings):
    begun = begin()
    assert begun.status_code == 201
    assert ResumableUploadGiven.model_validate_json(begun.content).sent == 0
    place = begun.headers["Location"]
    first = send(api, place, 0, CONTENT[:7])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "7")
    assert "Upload-Expires" in first.headers
    looked = api.head(place, headers=TUS)
    assert (looked.headers["Upload-Offset"], looked.headers["Upload-Length"]) == ("7", str(len(CONTENT)))
    assert looked.headers["Cache-Control"] == "no-store"
    last = send(api, place, 7, CONTENT[7:])
    assert last.status_code == 204
    upload = Upload.objects.get()
    assert last.headers["Upload-Id"] == str(upload.pk)
    assert (upload.owner, upload.filename, upload.media_type) == (alice, "notes.txt", MEDIA_TYPE)
    assert upload.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert Path(upload.file.path).read_bytes() == CONTENT
    assert parts(settings) == []
    assert Event.objects.get().name == "upload.completed"
    assert api.get(place).json()["upload"]["id"] == str(upload.pk)
    assert api.post("/api/v1/jobs/", {"kind": "test.filing", "upload": str(upload.pk)}).status_code == 202


def test_a_part_that_begins_elsewhere_is_refused_and_told_where_to_go_on(api, place):
    send(api, place, 0, CONTENT[:7])
    for offset in (0, 6, 8, 10**18):
        answer = send(api, place, offset, CONTENT[7:])
        assert code(answer) == (409, "wrong_offset")
        assert answer.json()["sent"] == "7"
    assert stands(api, place) == 7


def test_what_a_crash_left_behind_the_last_part_is_cut_off(api, place):
    send(api, place, 0, CONTENT[:7])
    with ResumableUpload.objects.get().part.open("ab") as part:
        part.write(b"half of a part, which the row knows nothing of")
    assert stands(api, place) == 7
    send(api, place, 7, CONTENT[7:])
    assert Path(Upload.objects.get().file.path).read_bytes() == CONTENT


def test_a_complete_one_that_was_not_taken_in_is_when_somebody_asks(api, place, monkeypatch):
    """The process ended after the last part was written."""
    with monkeypatch.context() as patch:
        patch.setattr(resumable, "_finish", lambda *_: None)
        send(api, place, 0, CONTENT)
    assert not Upload.objects.exists()
    assert api.head(place, headers=TUS).headers["Upload-Id"] == str(Upload.objects.get().pk)
    assert api.head(place, headers=TUS).headers["Upload-Id"] == str(Upload.objects.get().pk)


def test_one_part_at_a_time(api, place):
    with ResumableUpload.objects.get().part.open("rb") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        answer = send(api, place, 0, CONTENT)
        assert code(answer) == (423, "upload_busy")
        assert answer.headers["Retry-After"] == "1"
    assert send(api, place, 0, CONTENT).status_code == 204


def test_a_part_longer_than_the_rest_adds_nothing(api, place):
    assert code(send(api, place, 0, CONTENT + b"x")) == (413, "part_too_big")
    assert stands(api, place) == 0
    assert send(api, place, 0, CONTENT).status_code == 204


def test_an_empty_part_changes_nothing(api, place):
    assert send(api, place, 0, b"").headers["Upload-Offset"] == "0"


def test_the_last_part_may_be_sent_again_by_who_did_not_hear_the_answer(api, place):
    send(api, place, 0, CONTENT)
    assert stands(api, place) == len(CONTENT)
    again = send(api, place, len(CONTENT), b"")
    assert (again.status_code, again.headers["Upload-Id"]) == (204, str(Upload.objects.get().pk))
    assert code(send(api, place, 0, CONTENT)) == (409, "wrong_offset")
    assert Upload.objects.count() == 1


@pytest.mark.parametrize("size", ["", "-1", "1.5", "x", "９", "1" * 20, "9" * 19])
def test_it_refuses_a_length_that_is_none(begin, size):
    answer = begin(size)
    assert answer.status_code in (400, 413)
    assert "Upload-Length" in answer.json()["detail"] or answer.json()["code"] == "file_too_big"
    assert not ResumableUpload.objects.exists()


def test_it_refuses_what_is_too_big_or_empty_before_anything_is_sent(begin, settings):
    settings.UPLOAD_MAX_BYTES = 100
    assert code(begin(101)) == (413, "file_too_big")
    assert code(begin(0)) == (400, "empty_file")


@pytest.mark.parametrize("given", ["filename ***", "filename /w==", "filename YQ"])
def test_it_refuses_metadata_that_can_not_be_read(begin, given):
    assert code(begin(**{"Upload-Metadata": given})) == (400, "bad_upload_header")


def test_metadata_may_be_left_out(begin):
    assert begin(**{"Upload-Metadata": ""}).json()["filename"] == "file"


@pytest.mark.parametrize("version", ["", "0.2.2", "2.0.0"])
def test_it_refuses_another_version_and_tells_its_own(api, place, version):
    for answer in (
        api.head(place, headers={"Tus-Resumable": version}),
        api.post(ADDRESS, headers={"Tus-Resumable": version, "Upload-Length": "3"}),
        api.delete(place, headers={"Tus-Resumable": version}),
    ):
        assert answer.status_code == 412
        assert answer.headers["Tus-Version"] == "1.0.0"


def test_a_part_of_another_type_is_refused(api, place):
    answer = api.generic(
        "PATCH", place, CONTENT, content_type="text/plain", headers={**TUS, "Upload-Offset": "0"}
    )
    assert code(answer) == (415, "unsupported_media_type")


def test_what_is_no_file_that_is_taken_is_gone_when_it_is_complete(api, begin, settings):
    place = begin(4).headers["Location"]
    assert code(send(api, place, 0, b"\x00\x01\x02\x03")) == (415, "unsupported_file_type")
    assert api.head(place, headers=TUS).status_code == 404
    assert parts(settings) == []
    assert not Upload.objects.exists()


def test_one_that_is_given_up_is_gone(api, place, settings):
    send(api, place, 0, CONTENT[:7])
    assert api.delete(place, headers=TUS).status_code == 204
    assert parts(settings) == []
    assert api.head(place, headers=TUS).status_code == 404


def test_one_that_is_complete_stays(api, place):
    send(api, place, 0, CONTENT)
    assert api.delete(place, headers=TUS).status_code == 204
    assert Path(Upload.objects.get().file.path).read_bytes() == CONTENT


def test_it_expires_and_is_cleaned_up(api, place, settings):
    ResumableUpload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert code(send(api, place, 0, CONTENT)) == (410, "upload_expired")
    for left in retention.leftovers(timezone.now() + timedelta(days=2)):
        left.prune()
    assert not ResumableUpload.objects.exists()
    assert parts(settings) == []


def test_who_pauses_long_enough_for_the_file_to_go_is_told(api, place):
    ResumableUpload.objects.get().part.unlink()
    assert code(send(api, place, 0, CONTENT)) == (410, "upload_expired")


def test_it_is_nobody_elses(place, bob, api_of):
    stranger = api_of(bob)
    assert stranger.head(place, headers=TUS).status_code == 404
    assert send(stranger, place, 0, CONTENT).status_code == 404
    assert stranger.delete(place, headers=TUS).status_code == 404
    assert ResumableUpload.objects.get().sent == 0


def test_a_page_of_another_site_can_not_send_a_part(client, alice, place):
    client.handler.enforce_csrf_checks = True
    client.login(username=alice.username, password=PASSWORD)
    answer = client.generic("PATCH", place, CONTENT, content_type=PART, headers={**TUS, "Upload-Offset": "0"})
    assert code(answer) == (403, "csrf_failed")


def test_only_so_many_may_be_open_at_once(begin, monkeypatch):
    monkeypatch.setattr(resumable, "MOST_OPEN", 2)
    assert [begin().status_code for _ in range(2)] == [201, 201]
    assert code(begin()) == (429, "too_many_open_uploads")


def test_what_is_open_counts_as_what_lies_here(begin, settings, monkeypatch):
    monkeypatch.setattr(uploads, "UNUSED_FILES", 2)
    settings.UPLOAD_MAX_BYTES = 100
    assert [begin(100).status_code for _ in range(2)] == [201, 201]
    assert code(begin(100)) == (429, "too_many_uploads")


def test_the_owners_pages_hear_how_far_it_is(api, place, monkeypatch, alice):
    told = []
    monkeypatch.setattr(signals, "send", lambda *what: told.append(what))
    send(api, place, 0, CONTENT[:7])
    send(api, place, 7, CONTENT[7:])
    assert {(stream, name) for stream, name, _ in told} == {(f"user:{alice.pk}", "upload.progress")}
    assert [(data["sent"], data["is_over"]) for *_, data in told] == [
        (7, False),
        (len(CONTENT), False),
        (len(CONTENT), True),
    ]
