"""The cache that is in Redis, and goes on without it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.test import override_settings

from shipspeak import parts, shared_cache
from shipspeak.redis import cache_settings
from shipspeak.shared_cache import SharedCache
from tests.services import private, redis_server

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_cache, "_absence", shared_cache._Absence())


def cache_at(url: str) -> SharedCache:
    made = cache_settings(url)
    return SharedCache(made["LOCATION"], {**made, "BACKEND": ""})


@pytest.fixture
def without_redis() -> Iterator[SharedCache]:
    cache = cache_at(NOWHERE)
    cache.clear()
    yield cache
    cache.clear()


def test_without_redis_it_remembers_in_its_own_process(without_redis: SharedCache) -> None:
    cache = without_redis
    assert cache.add("tries", 1, 60)
    assert not cache.add("tries", 1, 60)
    assert cache.incr("tries") == 2
    cache.set("name", "value", 60)
    assert cache.get_many(["name", "tries"]) == {"name": "value", "tries": 2}
    assert cache.touch("name", 60)
    assert cache.has_key("name")
    cache.delete_many(["name", "tries"])
    assert cache.get("name", "nothing") == "nothing"
    with pytest.raises(ValueError, match="not found"):
        cache.incr("tries")


def test_it_says_once_that_redis_is_away_and_leaves_it_alone(
    without_redis: SharedCache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    honest = without_redis._shared.get
    monkeypatch.setattr(without_redis._shared, "get", lambda *args: asked.append(args) or honest(*args))
    monkeypatch.setattr(shared_cache, "_absence", shared_cache._Absence())
    with caplog.at_level(logging.WARNING, "shipspeak.shared_cache"):
        for _ in range(5):
            without_redis.get("anything")
    assert len(asked) == 1
    [said] = [record.message for record in caplog.records]
    assert said.startswith("Redis does not answer (ConnectionError). Until it does, each process counts")


@pytest.mark.services
def test_it_is_shared_again_when_redis_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_cache, "AWAY_SECONDS", 0.0)
    try:
        with redis_server.running() as url:
            one, other = cache_at(url), cache_at(url)
            one.set("where", "in Redis", 60)
            assert other.get("where") == "in Redis"
            seen: list[object] = []
            stranger = threading.Thread(target=lambda: seen.append(cache_at(url).get("where")))
            stranger.start()
            stranger.join()
            assert seen == ["in Redis"]
        assert one.get("where") is None, "what was in Redis is gone with it"
        one.set("where", "in this process", 60)
        assert one.get("where") == "in this process"
    except private.Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.django_db
def test_nobody_is_refused_while_redis_is_away(client, django_user_model, settings) -> None:
    """Signing in counts tries, the API counts requests, health checks remember: all in the cache."""
    settings.CACHES = {"default": cache_settings(NOWHERE)}
    settings.REDIS_URL = NOWHERE
    django_user_model.objects.create_user("alice", password="long enough to be one")
    assert isinstance(caches["default"], SharedCache)
    with override_settings(CACHES=settings.CACHES):
        entered = client.post("/sign-in/", {"username": "alice", "password": "long enough to be one"})
        assert entered.status_code == 302
        assert client.get("/api/v1/jobs/").status_code == 200
        assert client.get("/api/v1/status/").status_code == 200
    redis = parts.redis()
    assert (redis.state, redis.remedy) == ("degraded", "Check REDIS_URL.")
