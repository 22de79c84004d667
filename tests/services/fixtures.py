"""The private servers as fixtures: import those that a test needs in its ``conftest.py``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services import postgresql, private, redis_server
from tests.services.postgresql import PostgreSQL


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """One PostgreSQL for all tests of the session; each makes a database of its own."""
    try:
        with postgresql.running() as started:
            yield started
    except private.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of one Redis for all tests of the session."""
    try:
        with redis_server.running() as url:
            yield url
    except private.Missing as missing:
        pytest.skip(str(missing))
