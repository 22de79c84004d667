"""`/healthz`, `/readyz`, `/metrics`: who gets what."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.utils import timezone

from jobs.models import Worker
from shipspeak import parts
from shipspeak.parts import Part


def make_worker(**fields: Any) -> Worker:
    return Worker.objects.create(host="here", pid=os.getpid(), slot=0, concurrency=1, **fields)


def test_it_is_alive_without_a_database(client: Client) -> None:
    answer = client.get("/healthz", headers={"Host": "10.0.0.7"})

    assert answer.status_code == 200
    assert answer.content == b"ok\n"


@pytest.mark.django_db
def test_it_is_ready_when_every_part_is(client: Client) -> None:
    make_worker()

    answer = client.get("/readyz", headers={"Host": "10.0.0.7"})

    assert answer.status_code == 200
    components = answer.json()["components"]
    assert {"database", "migrations", "workers", "redis", "disk"} == components.keys()
    assert {part["state"] for part in components.values()} == {"ok"}


@pytest.mark.django_db
def test_it_tells_workers_from_those_kept_for_housekeeping() -> None:
    make_worker()
    Worker.objects.create(host="here", pid=1, slot=1, concurrency=1)

    assert parts.workers().detail == "2 working on jobs, 1 for housekeeping"


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["none", "ended", "silent"])
def test_it_is_not_ready_without_workers(client: Client, how: str) -> None:
    if how == "ended":
        make_worker(ended_at=timezone.now())
    elif how == "silent":
        make_worker(seen_at=timezone.now() - timedelta(minutes=5))

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["state"] == "down"
    assert answer.json()["components"]["workers"]["state"] == "down"


@pytest.mark.django_db(transaction=True)
async def test_it_answers_asynchronously_too(async_client: AsyncClient) -> None:
    assert (await async_client.get("/healthz")).status_code == 200
    assert (await async_client.get("/readyz")).status_code == 503


def test_it_is_as_bad_as_its_worst_part() -> None:
    found = [Part("one", "ok", ""), Part("two", "degraded", ""), Part("three", "ok", "")]

    assert parts.worst(found) == "degraded"
    assert parts.worst([*found, Part("four", "down", "")]) == "down"
    assert parts.worst(found[:1]) == "ok"


@pytest.mark.parametrize(
    ("free", "state"), [(5 * 10**9, "ok"), (5 * 10**8, "degraded"), (10**6, "down")]
)  # fmt: skip
def test_it_tells_when_the_disk_is_nearly_full(
    monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(parts.shutil, "disk_usage", lambda path: usage)

    assert parts.disk().state == state


@pytest.mark.django_db
def test_it_shows_metrics_to_this_host(client: Client) -> None:
    answer = client.get("/metrics", REMOTE_ADDR="127.0.0.1")

    assert answer.status_code == 200
    assert b"django_http_requests" in answer.content


@pytest.mark.parametrize(
    "request_headers",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer wrong-token-wrong"},
        {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer "},
    ],
)
def test_it_shows_metrics_to_nobody_else(
    client: Client, request_headers: dict[str, str], settings: Any
) -> None:
    settings.METRICS_TOKEN = "0123456789abcdef"

    assert client.get("/metrics", **request_headers).status_code == 403


def test_it_shows_no_metrics_for_an_empty_token(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9", HTTP_AUTHORIZATION="Bearer ").status_code == 403


@pytest.mark.django_db
def test_it_shows_metrics_for_the_token(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "0123456789abcdef"
    headers = {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": "Bearer 0123456789abcdef"}

    assert client.get("/metrics", **headers).status_code == 200
