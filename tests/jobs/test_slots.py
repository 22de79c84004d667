"""The name of a host's data directory, which many processes ask for at the same moment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import pytest

from jobs import slots


def test_who_asks_while_another_makes_the_name_reads_no_half_of_it(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.DATA_DIR = tmp_path
    honest, others = secrets.token_hex, list[str]()
    is_first = [True]

    def asked_meanwhile(size: int) -> str:
        if is_first and is_first.pop():
            others.append(slots.host())
        return honest(size)

    monkeypatch.setattr("jobs.slots.secrets.token_hex", asked_meanwhile)
    assert [slots.host()] == others
    assert others[0].rpartition("/")[2] != ""
    assert os.listdir(tmp_path / "run") == ["name"]


def test_it_keeps_its_name(tmp_path: Path, settings: Any):
    settings.DATA_DIR = tmp_path
    assert slots.host() == slots.host()
