"""The docs say what the code does: generated parts are current, examples run, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs import errors_page
from jobs.actions import Submission, submit
from jobs.kinds import Registry, registry
from jobs.models import Job, JobResult
from jobs.states_page import written
from tests.jobs.engine import drain_until, person

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def test_it_has_the_statuses_as_they_are():
    page = (ROOT / "docs" / "job-lifecycle.md").read_text()
    assert written(page) == page, "Run `make docs`."


def test_it_has_the_errors_as_they_are():
    assert errors_page.page() == (ROOT / "docs" / "errors.md").read_text(), "Run `make docs`."


@pytest.mark.parametrize("error", errors_page.all_errors(), ids=lambda error: error.code)
def test_it_tells_each_error_in_a_sentence_with_a_way_on(error):
    assert errors_page.sentence(error).endswith(".")
    assert error.recovery
    assert re.fullmatch("[a-z_]+", error.code)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_it_links_only_to_what_is_there(page):
    missing = [target for target in LINK.findall(page.read_text()) if not (page.parent / target).exists()]
    assert missing == []


@pytest.fixture
def shown(monkeypatch):
    """The kinds that the page shows, as an app would register them."""
    kinds = Registry()
    monkeypatch.setattr("jobs.kinds.register", kinds.register)
    for example in re.findall(r"```python\n(.*?)```", (ROOT / "docs/how-to/add-a-kind.md").read_text(), re.S):
        exec(compile(example, "add-a-kind.md", "exec"), {"__name__": "shown.kinds"})
    return kinds


def test_it_shows_kinds_that_register(shown):
    assert [kind.name for kind in shown] == ["counts", "title"]


@pytest.mark.django_db(transaction=True)
def test_it_shows_a_step_for_each_item_that_runs(shown, monkeypatch):
    monkeypatch.setitem(registry._kinds, "counts", shown.get("counts"))
    made = submit(person(), Submission("counts", {"text": "It is the end\n\nof all"}))
    drain_until(lambda: Job.objects.filter(pk=made.pk, status="completed").exists())
    assert JobResult.objects.get(pk=made.pk).data == {"words": [4, 2], "language": "en"}
