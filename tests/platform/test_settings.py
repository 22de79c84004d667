"""Django's settings: what browsers are told, what is served, and what must stay asynchronous."""

from __future__ import annotations

import json
import logging
import sqlite3
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import get_connection
from django.test import AsyncClient, Client
from django.utils.module_loading import import_string

from shipspeak.accounts.models import User
from shipspeak.config import Config
from shipspeak.database import database_settings
from shipspeak.logs import Logfmt
from shipspeak.mail import mail_settings
from shipspeak.redis import cache_settings, channel_layer_settings
from shipspeak.static_files import fingerprint


@pytest.mark.parametrize("path", settings.MIDDLEWARE)
def test_it_has_no_middleware_that_takes_a_thread(path: str) -> None:
    assert import_string(path).async_capable


@pytest.mark.django_db
def test_it_lets_pages_load_nothing_from_elsewhere(client: Client) -> None:
    answer = client.get("/sign-in/")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "worker-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_it_loosens_the_policy_for_the_admin_only(olivia: User, client: Client) -> None:
    client.force_login(olivia)

    policy = client.get("/admin/").headers["Content-Security-Policy"]

    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "script-src 'self' 'unsafe-eval' 'unsafe-inline'" not in policy


@pytest.mark.django_db
def test_it_refuses_a_host_that_it_does_not_know(client: Client) -> None:
    assert client.get("/sign-in/", headers={"Host": "evil.example"}).status_code == 400


def test_it_serves_static_files_from_a_checkout(client: Client) -> None:
    answer = client.get(f"{settings.STATIC_URL}admin/css/base.css")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/css")
    assert int(answer.headers["Content-Length"]) == len(answer.content)


async def test_it_serves_static_files_asynchronously(async_client: AsyncClient) -> None:
    answer = await async_client.get(f"{settings.STATIC_URL}admin/css/base.css")

    assert answer.status_code == 200
    assert not answer.streaming


def test_it_changes_every_address_when_one_file_changes(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "app.css").write_text("a {}")
    first = fingerprint(tmp_path, tmp_path / "requirements.txt")

    assert fingerprint(tmp_path, tmp_path / "requirements.txt") == first
    (tmp_path / "css" / "app.css").write_text("b {}")
    assert fingerprint(tmp_path, tmp_path / "requirements.txt") != first


def test_it_tunes_sqlite(tmp_path: Path) -> None:
    found = database_settings("", tmp_path)

    assert found["NAME"] == tmp_path / "shipspeak.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in found["OPTIONS"]["init_command"]
    assert database_settings("sqlite:////srv/x.sqlite3", tmp_path)["NAME"] == Path("/srv/x.sqlite3")


def test_it_keeps_the_database_from_other_accounts_of_the_machine(tmp_path: Path) -> None:
    name = database_settings("", tmp_path)["NAME"]
    with sqlite3.connect(name) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("CREATE TABLE told (secret TEXT)")
        opened.commit()
        files = [name, *tmp_path.glob("*-wal"), *tmp_path.glob("*-shm")]
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    opened.close()


def test_it_leaves_a_database_that_is_there_as_it_is(tmp_path: Path) -> None:
    name = tmp_path / "shipspeak.sqlite3"
    name.write_bytes(b"kept")
    name.chmod(0o640)

    database_settings("", tmp_path)

    assert (name.read_bytes(), stat.S_IMODE(name.stat().st_mode)) == (b"kept", 0o640)


def test_it_keeps_connections_to_postgresql(tmp_path: Path) -> None:
    found = database_settings("postgres://user:p%40ss@host:5433/name", tmp_path)

    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["HOST"], found["PORT"], found["NAME"], found["PASSWORD"]) == ("host", 5433, "name", "p@ss")
    assert found["CONN_MAX_AGE"] is None
    assert found["CONN_HEALTH_CHECKS"]


def test_it_uses_redis_where_there_is_one() -> None:
    assert "locmem" in cache_settings("")["BACKEND"]
    assert "InMemory" in channel_layer_settings("")["BACKEND"]
    assert cache_settings("redis://host/0")["LOCATION"] == "redis://host/0"
    hosts = channel_layer_settings("redis://host/0")["CONFIG"]["hosts"]
    assert hosts == [{"address": "redis://host/0", "socket_timeout": None}]


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://user:pa55@mail.example:2525", 2525, False, False),
        ("smtp://user:pa55@mail.example", 25, False, False),
        ("smtp+tls://user:pa55@mail.example", 587, True, False),
        ("smtp+ssl://user:pa55@mail.example", 465, False, True),
    ],
)
def test_it_finds_the_mail_server(url: str, port: int, tls: bool, ssl: bool) -> None:
    mail = mail_settings(url)

    assert (mail.host, mail.user, mail.password) == ("mail.example", "user", "pa55")
    assert (mail.port, mail.use_tls, mail.use_ssl) == (port, tls, ssl)
    assert "pa55" not in repr(mail)


def test_it_writes_mail_down_without_a_server(tmp_path: Path) -> None:
    assert "console" in mail_settings("").backend
    assert mail_settings(f"filemail://{tmp_path}").folder == str(tmp_path)
    get_connection(mail_settings("consolemail://").backend).close()


def test_it_logs_one_line_with_all_that_is_known() -> None:
    try:
        raise ValueError("no such thing")
    except ValueError:
        record = logging.LogRecord(
            "jobs.worker", logging.ERROR, "", 0, "two\nlines %s", ("here",), sys.exc_info()
        )
    record.job = "0198"

    line = Logfmt().format(record)

    assert "\n" not in line
    assert ' level=error from=jobs.worker message="two\\nlines here" job=0198 error="Traceback' in line


def test_it_logs_values_that_could_break_the_line_in_quotes() -> None:
    record = logging.makeLogRecord({"msg": 'a="b"', "name": "x", "empty": "", "bell": "\x07"})

    line = Logfmt().format(record)

    assert json.dumps('a="b"') in line
    assert ' empty="" ' in line
    assert "\x07" not in line


def test_it_exposes_every_engine_setting_by_its_own_name() -> None:
    theirs = ("data_dir", "secret_key", "debug", "allowed_hosts", "database_url", "email_url", "api_rate")
    for name in Config.model_fields.keys() - {*theirs, "secret_key_file", "behind_tls_proxy"}:
        assert hasattr(settings, name.upper()), name


def test_it_speaks_of_what_is_unwise_together() -> None:
    from shipspeak import checks

    wise = Config.from_environment({})
    assert not [
        *checks.key_is_shared(wise),
        *checks.service_is_reachable(wise),
        *checks.debug_is_private(wise),
    ]
    several: dict[str, Any] = {"DATABASE_URL": "postgres://h/n"}
    assert checks.key_is_shared(Config.from_environment(several))[0].id == "shipspeak.W001"
    assert not checks.key_is_shared(Config.from_environment({**several, "SECRET_KEY": "k" * 40}))
    lonely = Config.from_environment({"SHIPSPEAK_PROVIDERS": "openai"})
    assert checks.service_is_reachable(lonely)[0].id == "shipspeak.W002"
    open_door = Config.from_environment({"DEBUG": "true", "ALLOWED_HOSTS": "*"})
    assert checks.debug_is_private(open_door)[0].id == "shipspeak.W003"
