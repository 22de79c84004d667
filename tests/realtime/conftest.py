"""What the tests of `realtime` share: people, sockets, and hubs that end with their test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from realtime import commands, hub, rights, snapshots


@pytest.fixture(autouse=True)
def _private_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets each test register what it likes: other apps' parts and commands are out of the way."""
    monkeypatch.setattr(snapshots, "_parts", {})
    monkeypatch.setattr(commands, "_handlers", {})
    monkeypatch.setattr(rights, "_rules", dict(rights._rules))


@pytest.fixture
async def live(transactional_db: None) -> AsyncIterator[None]:
    """For tests with sockets: threads see what is committed, and the hub is closed at the end."""
    yield
    if hub.running():
        await hub.current().close()
