"""The page of settings is that of this version."""

from __future__ import annotations

from pathlib import Path

from shipspeak.settings_page import page

ROOT = Path(__file__).resolve().parents[2]


def test_it_documents_every_setting_as_it_is() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == page(), "Run `make docs`."
