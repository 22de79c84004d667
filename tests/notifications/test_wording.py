from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.wording import LinkNotLocal, local_path, one_line, paragraph


@pytest.mark.parametrize("link", ["", "/", "/jobs/0198-ab/", "/jobs/1/?tab=log&x=%20#turn-4", "/ünïcode/"])
def test_it_takes_paths_on_this_site(link: str) -> None:
    assert local_path(link, 100) == link


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "jobs/1/",
        " /jobs/",
        "/\t/evil.example",
        "/jobs/\n",
        "/a b",
        "/" + "x" * 100,
    ],
)
def test_it_refuses_links_that_lead_elsewhere(link: str) -> None:
    with pytest.raises(LinkNotLocal):
        local_path(link, 100)


def test_it_makes_one_line_of_many() -> None:
    assert one_line("a\r\nBcc: x@example.org\x00\tb ", 100) == "a Bcc: x@example.org b"


def test_it_keeps_the_lines_of_a_paragraph() -> None:
    assert paragraph(" a\r\nb\x00\x1b[31m\tc\n", 100) == "a\nb[31m\tc"


@given(st.text(), st.integers(1, 50))
def test_it_never_exceeds_the_length(text: str, length: int) -> None:
    for wording in (one_line, paragraph):
        made = wording(text, length)
        assert len(made) <= length
        assert "\x00" not in made
    assert len(one_line(text, length).splitlines()) <= 1


def test_it_marks_what_was_cut() -> None:
    assert one_line("one two three", 8) == "one two…"
