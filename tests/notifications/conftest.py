from __future__ import annotations

import pytest

from notifications.transports import transports
from tests.notifications.things import Post


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Takes the place of email."""
    post = Post()
    monkeypatch.setitem(transports(), "email", post)  # type: ignore[arg-type]
    return post
