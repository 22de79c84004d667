"""What a person does in front of the browser, in a person's words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import APIResponse, Page, WebSocket, expect

from tests.processes import Up

WITHOUT_WORKERS = "delete globalThis.SharedWorker"
"""A script that makes a page have the socket itself, where a test can listen and cut the network."""
MEETING = """WEBVTT

00:00:01.000 --> 00:00:06.000
<v Ann>Good morning. Shall we start with the release? I think we are almost ready.

00:00:06.500 --> 00:00:14.000
<v Ben>Um, the tests are green. We decided to ship on Thursday, and I will write the notes by Wednesday.

00:00:14.500 --> 00:00:21.000
<v Ann>Good. Ben writes the release notes. Who tells the customers about the new billing page?

00:00:21.500 --> 00:00:30.000
<v Cleo>I can do that. I will send the mail to customers on Friday, after the release is out.

00:00:31.000 --> 00:00:38.000
<v Ann>Perfect. Then we agreed: Thursday for the release, Friday for the mail. Thank you all.
"""


@dataclass
class Person:
    """Somebody signed in.

    Args:
        site: the ShipSpeak that runs.
        page: the tab in front of them.
    """

    site: Up
    page: Page

    def transcript(self, text: str = MEETING, name: str = "release.vtt") -> Path:
        """A file on their disk."""
        path = self.site.data_dir / name
        path.write_text(text)
        return path

    def submits(self, kind: str, **asked: Any) -> dict[str, Any]:
        """A job, submitted through the API with the browser's session."""
        answer = self.post("/api/v1/jobs/", {"kind": kind, "input": asked})
        assert answer.status == 202, f"{answer.text()}\n{self.site.output[-5000:]}"
        made: dict[str, Any] = answer.json()
        return made

    def connects_itself(self) -> None:
        """From the next page on, the tab has its socket itself."""
        self.page.add_init_script(WITHOUT_WORKERS)

    def post(self, path: str, data: dict[str, Any]) -> APIResponse:
        """A POST as the page's own scripts would send it."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.page.context.cookies()}
        headers = {
            "X-CSRFToken": cookies.get("csrftoken", ""),
            "Referer": self.site.address,
            "Content-Type": "application/json",
        }
        return self.page.request.post(self.site.address + path, data=json.dumps(data), headers=headers)

    def job(self, job_id: str) -> dict[str, Any]:
        """The job as the API gives it."""
        found: dict[str, Any] = self.page.request.get(f"{self.site.address}/api/v1/jobs/{job_id}/").json()
        return found

    def opens(self, path: str) -> None:
        """Goes to a page of the site."""
        self.page.goto(self.site.address + path)

    def sees_status(self, job_id: str, status: str, seconds: float = 30, page: Page | None = None) -> None:
        """The job page shows this status, by itself."""
        view = (page or self.page).locator(f'job-view[data-job="{job_id}"]')
        expect(view).to_have_attribute("data-status", status, timeout=seconds * 1000)

    def sees_live(self, page: Page | None = None) -> None:
        """The page says that it is connected."""
        expect((page or self.page).locator("connection-state")).to_have_attribute("data-state", "live")


class Listening:
    """All frames that a tab receives over its sockets from now on."""

    def __init__(self, page: Page) -> None:
        self.frames: list[dict[str, Any]] = []
        page.on("websocket", self._opened)

    def events(self, job_id: str) -> list[tuple[int, str]]:
        """Sequence number and name of every event about the job, in the order they came."""
        return [
            (frame["seq"], frame["name"])
            for frame in self.frames
            if frame["type"] == "event" and frame["data"].get("job", {}).get("id") == job_id
        ]

    def progress(self, job_id: str) -> list[tuple[str, int, float]]:
        """Step, attempt and progress of every signal about the job, in the order they came."""
        return [
            (frame["data"]["step"], frame["data"]["attempt"], frame["data"]["step_progress"])
            for frame in self.frames
            if frame["type"] == "signal"
            and frame["name"] == "job.progress"
            and frame["data"]["job"] == job_id
        ]

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: self.frames.append(json.loads(data)))
