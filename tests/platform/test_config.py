"""Settings: what is read, what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from shipspeak.config import Config
from shipspeak.environment import ConfigError, masked

ROOT = Path(__file__).resolve().parents[2]

WRONG = [
    ("PROCESSING_TIMEOUT", "abc", 'is "abc", but it must be a number of seconds from 0.1 to 3600.'),
    ("PROCESSING_TIMEOUT", "nan", 'is "nan", but'),
    ("PROCESSING_TIMEOUT", "0", 'is "0", but'),
    ("PROCESSING_MAX_RETRIES", "2.5", 'is "2.5", but it must be a whole number of times from 0 to 20.'),
    ("QUEUE_MAX_SIZE", "-1", 'is "-1", but it must be a whole number of jobs'),
    ("WORKER_POOL_SIZE", "0", 'is "0", but it must be a whole number of processes from 2 to 64.'),
    ("UPLOAD_MAX_BYTES", "25 MB", 'is "25 MB", but it must be a whole number of bytes'),
    ("DEBUG", "maybe", 'is "maybe", but it must be true or false.'),
    ("DATABASE_URL", "mysql://host/name", 'is "mysql://host/name", but it must be like postgres://'),
    ("DATABASE_URL", "postgres://user:pa55@host:port/name", 'is "postgres://user:***@host:port/name", but'),
    ("REDIS_URL", "host:6379", 'is "host:6379", but it must be like redis://'),
    (
        "EMAIL_URL",
        "smtp://user:pa55@host:port",
        'is "smtp://user:***@host:port", but it must be like smtp://',
    ),
    ("EMAIL_URL", "pigeon://host", 'is "pigeon://host", but'),
    (
        "ALLOWED_HOSTS",
        "good.example,http://bad.example",
        "but it must be a comma-separated list of host names",
    ),
    ("WEBSOCKET_CORS_ORIGINS", "app.example.com", "but it must be a comma-separated list of origins"),
    ("SHIPSPEAK_PROVIDERS", "openai, the best", "but it must be a comma-separated list of providers"),
    ("OPENAI_BASE_URL", "localhost:11434", "but it must be like http://"),
    ("API_RATE", "lots", 'is "lots", but it must be a number per time, like 6000/min'),
    ("SITE_URL", "shipspeak.example.com", "but it must be like https://"),
    ("SECRET_KEY", "pa55word", "is a secret of 8 characters, but it must be at least 32 characters long."),
    ("METRICS_TOKEN", "pa55word", "is a secret of 8 characters, but it must be at least 16 characters long."),
    ("DEFAULT_FROM_EMAIL", "nobody", "but it must be a mail address"),
]


@pytest.mark.parametrize(("variable", "value", "words"), WRONG)
def test_it_says_which_setting_is_wrong_and_what_is_allowed(variable: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({variable: value})

    assert str(caught.value).startswith(f"{variable} ")
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "pa55" not in str(caught.value)


def test_it_tells_of_all_wrong_settings_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({"DEBUG": "maybe", "QUEUE_MAX_SIZE": "0"})

    assert [line.split()[0] for line in str(caught.value).splitlines()] == ["DEBUG", "QUEUE_MAX_SIZE"]


def test_it_refuses_leases_that_a_heartbeat_can_not_keep() -> None:
    with pytest.raises(ConfigError, match="LEASE_SECONDS is 5, but it must be at least twice"):
        Config.from_environment({"LEASE_SECONDS": "5", "WORKER_HEARTBEAT_INTERVAL": "3"})


def test_it_beats_faster_when_only_the_leases_are_made_short() -> None:
    assert Config.from_environment({"LEASE_SECONDS": "6"}).heartbeat == 2
    assert Config().heartbeat == 10


def test_it_refuses_two_keys() -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY and SECRET_KEY_FILE are both set"):
        Config.from_environment({"SECRET_KEY": "x" * 40, "SECRET_KEY_FILE": "/run/secrets/key"})


def test_it_has_the_defaults_of_the_contract() -> None:
    config = Config.from_environment({})

    assert (config.processing_max_retries, config.processing_timeout, config.processing_concurrency) == (
        3,
        60,
        64,
    )
    assert (config.processing_retry_base, config.queue_max_size, config.queue_max_per_user) == (
        2,
        10_000,
        1_000,
    )
    assert (config.worker_pool_size, config.worker_heartbeat_interval, config.lease_seconds) == (3, 10, 30)
    assert (config.websocket_ping_interval, config.websocket_connection_timeout) == (25, 30)
    assert (config.websocket_max_connections, config.websocket_max_per_user) == (5000, 20)
    assert (config.api_rate, config.upload_max_bytes) == ("6000/min", 25 * 2**20)


def test_it_counts_an_empty_variable_as_not_set() -> None:
    assert Config.from_environment({"PROCESSING_TIMEOUT": "", "OPENAI_API_KEY": " "}) == Config()


@pytest.mark.parametrize(
    ("environment", "chain"),
    [
        ({}, ("local",)),
        ({"OPENAI_API_KEY": "sk-1"}, ("openai", "local")),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, ("openai", "local")),
        ({"OPENAI_API_KEY": "sk-1", "SHIPSPEAK_PROVIDERS": "local"}, ("local",)),
        ({"SHIPSPEAK_PROVIDERS": " openai , local,"}, ("openai", "local")),
    ],
)
def test_it_asks_an_ai_service_where_there_is_one(
    environment: dict[str, str], chain: tuple[str, ...]
) -> None:
    assert Config.from_environment(environment).providers == chain


def test_it_is_reached_by_this_machines_own_names_unless_others_are_given() -> None:
    assert {"localhost", "127.0.0.1", "[::1]"} <= set(Config().hosts)
    assert Config.from_environment({"ALLOWED_HOSTS": "a.example, .b.example"}).hosts == [
        "a.example",
        ".b.example",
    ]


def test_it_shows_no_secret_when_it_is_printed() -> None:
    config = Config.from_environment({"SECRET_KEY": "s" * 40, "OPENAI_API_KEY": "sk-hidden"})

    assert "ssss" not in repr(config)
    assert "sk-hidden" not in repr(config)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgres://user:p:a@ss@host/name", "postgres://user:***@host/name"),
        ("postgres://user:a/b@c@host/name", "postgres://user:***@host/name"),
        ("redis://:secret@host:6379/0", "redis://:***@host:6379/0"),
        ("redis://host:6379/0", "redis://host:6379/0"),
    ],
)
def test_it_masks_passwords_in_addresses(address: str, shown: str) -> None:
    assert masked(address) == shown
