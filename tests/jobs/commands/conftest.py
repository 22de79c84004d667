"""A kind that takes files, for the tests of the API, the admin and the commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.kinds import registry
from tests.jobs.filing import FILING


@pytest.fixture(autouse=True)
def _filing() -> Iterator[None]:
    registry.register(FILING)
    yield
    del registry._kinds[FILING.name]


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "uploads"
