"""The server as a fixture: import `fake_openai` (and `fake_server`, which it needs) in a ``conftest.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.fake_openai.app import FakeOpenAI
from tests.fake_openai.orders import Order
from tests.fake_openai.server import in_thread


@dataclass(frozen=True, slots=True)
class Served:
    """The server as tests see it: its base URL, its state, and a way to order."""

    url: str
    app: FakeOpenAI

    def order(self, *orders: Order) -> None:
        """Says what happens to the next calls, one order each."""
        self.app.orders.extend(orders)


@pytest.fixture(scope="session")
def fake_server() -> Iterator[Served]:
    """One server for all tests of the session."""
    app = FakeOpenAI()
    with in_thread(app) as url:
        yield Served(url, app)


@pytest.fixture
def fake_openai(fake_server: Served) -> Served:
    """The server, as new."""
    fake_server.app.reset()
    return fake_server
