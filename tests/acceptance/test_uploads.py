"""Handing in files: large ones in parts, over a network that comes and goes, and several at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tests.acceptance.person import MEETING, Person
from tests.processes import manage

PARTS = "/api/v1/uploads/resumable/"
JOB_PAGE = re.compile(r"/jobs/[0-9a-f-]{36}/")
NOTE = "NOTE " + "x" * 200 + "\n\n"
LARGE = MEETING + "\n" + NOTE * (8_000_000 // len(NOTE))
"""A short meeting in a file of 8 MB."""


class Network:
    """What is sent of a file in parts, and where that is cut or held."""

    def __init__(self, page: Page) -> None:
        self.offsets: list[int] = []
        self.is_cut_at = 0
        self.is_held_at = 0
        page.route(f"**{PARTS}**", self._part)

    def _part(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        self.offsets.append(int(route.request.headers["upload-offset"]))
        if len(self.offsets) == self.is_cut_at:
            route.abort("internetdisconnected")
        elif len(self.offsets) != self.is_held_at:
            route.continue_()


def jobs_of(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.page.request.get(f"{person.site.address}/api/v1/jobs/").json()[
        "results"
    ]
    return found


def drops_large_file(person: Person) -> None:
    person.opens("/")
    person.page.locator("drop-zone input[type=file]").set_input_files(person.transcript(LARGE, "large.vtt"))


def test_a_large_file_goes_on_where_the_network_was_cut(admin: Person) -> None:
    network = Network(admin.page)
    network.is_cut_at = 3
    drops_large_file(admin)
    admin.page.wait_for_url(JOB_PAGE)
    assert network.offsets == sorted(network.offsets), "nothing that had come was sent again"
    assert len(set(network.offsets)) == len(network.offsets) - 1 >= 7, "besides the part that was cut"
    (job,) = jobs_of(admin)
    assert job["title"] == "Large"
    admin.sees_status(job["id"], "completed", seconds=60)


def test_a_large_file_goes_on_by_itself_after_a_reload(admin: Person) -> None:
    network = Network(admin.page)
    network.is_held_at = 4
    drops_large_file(admin)
    expect(admin.page.locator("drop-zone")).to_have_attribute("data-state", "sending")
    while len(network.offsets) < 4:
        admin.page.wait_for_timeout(50)
    admin.page.reload()
    admin.page.wait_for_url(JOB_PAGE)
    assert network.offsets[4] == network.offsets[3] > 0, "it went on with the part that was on its way"
    assert len(jobs_of(admin)) == 1


def test_who_gives_it_up_leaves_nothing_behind(admin: Person) -> None:
    network = Network(admin.page)
    network.is_held_at = 2
    drops_large_file(admin)
    with admin.page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        admin.page.get_by_role("button", name="Cancel").click()
    assert deleted.value.status == 204
    admin.page.reload()
    expect(admin.page.locator("drop-zone")).to_have_attribute("data-state", "idle")
    assert jobs_of(admin) == []
    assert [path for path in (admin.site.data_dir / "uploads").rglob("*") if path.is_file()] == []


def test_several_files_become_several_jobs(admin: Person) -> None:
    admin.opens("/")
    files = [admin.transcript(MEETING, f"part_{number}.vtt") for number in range(3)]
    admin.page.locator("drop-zone input[type=file]").set_input_files(files)
    admin.page.wait_for_url(re.compile(r"/jobs/$"))
    assert {job["title"] for job in jobs_of(admin)} == {"Part 0", "Part 1", "Part 2"}


@pytest.fixture
def tus(admin: Person) -> TusClient:
    """A client by others, with an API key."""
    code = (
        "from shipspeak.accounts import api_keys; from shipspeak.accounts.models import User; "
        "print(api_keys.issue(User.objects.get())[1])"
    )
    made = manage("shell", "-v", "0", "-c", code, data_dir=admin.site.data_dir)
    return TusClient(admin.site.address + PARTS, headers={"Authorization": f"Bearer {made.stdout.strip()}"})


def test_a_tus_client_by_others_is_understood(admin: Person, tus: TusClient) -> None:
    path = admin.transcript(LARGE, "talk.vtt")
    with path.open("rb") as file:
        half = tus.uploader(file_stream=file, chunk_size=1_000_000, metadata={"filename": path.name})
        half.upload(stop_at=3_000_000)
        assert half.offset == 3_000_000

        again = tus.uploader(file_stream=file, chunk_size=1_000_000, url=half.url)
        assert again.get_offset() == 3_000_000
        again.upload()
        with pytest.raises(TusCommunicationError):
            tus.uploader(file_stream=file, url=half.url[:-2] + "/").get_offset()
    known = admin.page.request.get(half.url).json()
    assert (known["sent"], known["upload"]["filename"]) == (len(LARGE), "talk.vtt")
