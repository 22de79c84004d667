"""Who is there: origins, cookies, tokens; and the rate of frames."""

from __future__ import annotations

import pytest

from realtime import identity
from realtime.conf import Limits
from realtime.identity import Credentials
from realtime.rate import Rate


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://example.com", "example.com", True),
        ("https://example.com", "example.com", True),
        ("https://example.com", "example.com:443", True),
        ("http://example.com:80", "example.com", True),
        ("http://EXAMPLE.com", "example.COM", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("https://example.com", "example.com:80", False),
        ("http://example.com.evil.example", "example.com", False),
        ("http://evil.example", "example.com", False),
        ("null", "example.com", False),
        ("", "example.com", False),
        ("http://", "", False),
        ("ftp://example.com", "example.com", False),
        ("http://example.com:port", "example.com", False),
        ("http://[broken", "example.com", False),
    ],
)
def test_it_takes_the_sites_own_origin_only(origin: str, host: str, allowed: bool) -> None:
    headers = {b"origin": origin.encode(), b"host": host.encode()}
    assert identity.origin_allowed(headers) is allowed


def test_it_takes_origins_that_are_listed(settings) -> None:
    settings.WEBSOCKET_CORS_ORIGINS = ["https://App.example/"]
    assert identity.origin_allowed({b"origin": b"https://app.example", b"host": b"example.com"})


def test_it_believes_a_proxys_host_only_if_told_to(settings) -> None:
    headers = {
        b"origin": b"https://example.com",
        b"host": b"inside:8000",
        b"x-forwarded-host": b"example.com",
    }
    settings.USE_X_FORWARDED_HOST = False
    assert not identity.origin_allowed(headers)
    settings.USE_X_FORWARDED_HOST = True
    assert identity.origin_allowed(headers)


def test_it_finds_the_session_in_the_cookies() -> None:
    assert identity.session_key({b"cookie": b"theme=dark; sessionid=abc"}) == "abc"
    assert identity.session_key({b"cookie": b"theme=dark"}) == ""
    assert identity.session_key({}) == ""


def test_it_finds_the_token_of_a_request(rf) -> None:
    assert identity.of_request(rf.get("/", headers={"authorization": "Bearer ss_1"})).token == "ss_1"
    assert identity.of_request(rf.get("/", headers={"authorization": "Basic abc"})).token == ""


def test_it_tells_no_secret() -> None:
    assert "abc" not in repr(Credentials(session_key="abc", token="abc"))


def test_it_knows_nobody_without_credentials() -> None:
    assert identity.who(Credentials()) is None


def test_it_knows_no_tokens_where_nobody_reads_them(settings) -> None:
    settings.REALTIME_AUTHENTICATE = None
    assert identity.who(Credentials(token="ss_1")) is None


def test_it_reads_its_limits_from_the_settings(settings) -> None:
    settings.WEBSOCKET_MAX_PER_USER = 3
    del settings.WEBSOCKET_PING_INTERVAL
    assert Limits.from_settings().max_per_user == 3
    assert Limits.from_settings().ping_interval == 25


def test_it_allows_a_burst_and_then_a_rate() -> None:
    rate = Rate(rate=10, burst=3)
    assert [rate.allows(0) for _ in range(4)] == [True, True, True, False]
    rate = Rate(rate=10, burst=3)
    assert all(rate.allows(n * 0.1) for n in range(100))


def test_it_does_not_save_up_more_than_a_burst() -> None:
    rate = Rate(rate=10, burst=3)
    rate.allows(0)
    assert [rate.allows(1000) for _ in range(4)] == [True, True, True, False]
