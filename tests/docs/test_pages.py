"""The docs say what the code does: generated parts are current, examples run, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.kinds import Registry
from jobs.states_page import written

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def test_it_has_the_statuses_as_they_are():
    page = (ROOT / "docs" / "job-lifecycle.md").read_text()
    assert written(page) == page, "Run `make docs`."


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_it_links_only_to_what_is_there(page):
    missing = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert missing == []


def test_it_shows_a_kind_that_registers(monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/how-to/add-a-kind.md").read_text(), re.S)
    kinds = Registry()
    monkeypatch.setattr("jobs.kinds.register", kinds.register)
    exec(compile(example, "add-a-kind.md", "exec"), {"__name__": "titles.kinds"})
    assert [kind.name for kind in kinds] == ["title"]
