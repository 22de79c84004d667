"""The tests here need PostgreSQL or Redis: each is marked ``services``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_openai.fixtures import fake_openai, fake_server
from tests.services.fixtures import postgres, redis_url

__all__ = ["fake_openai", "fake_server", "postgres", "redis_url"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.services)
