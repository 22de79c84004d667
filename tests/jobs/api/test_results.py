from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import export, markdown, tables
from jobs.errors import InvalidData
from jobs.kinds import registry
from jobs.models import JobResult, ResultContent
from jobs.outcomes import Succeeded
from tests.jobs.engine import claim, job, settle
from tests.jobs.filing import RESULT


@pytest.fixture
def api(alice, api_of):
    return api_of(alice)


@pytest.fixture
def done(alice):
    made = job("filing")
    settle(claim()[0], Succeeded(RESULT))
    made.refresh_from_db()
    return made


def address(made, end="result/"):
    return f"/api/v1/jobs/{made.pk}/{end}"


def test_it_gives_the_result_as_it_was_stored(api, done):
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(address(done))
    assert (answer.status_code, answer.json()) == (200, RESULT)
    assert answer["Content-Type"] == "application/json"
    assert len(queries) <= 4


@pytest.mark.parametrize("end", ["result/", "export.json", "export.md", "export.csv"])
def test_it_says_why_there_is_no_result(api, end):
    made = job("slow")
    answer = api.get(address(made, end))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_allowed_now")
    assert "queued" in answer.json()["detail"]
    settle(claim()[0], InvalidData("No."))
    assert "Retry it" in api.get(address(made, end)).json()["detail"]


def test_it_says_that_a_result_is_gone(api, done):
    JobResult.objects.all().delete()
    answer = api.get(address(done))
    assert (answer.status_code, answer.json()["code"]) == (410, "result_pruned")


def test_it_exports_json(api, done):
    done.title = "Board: Q3/“plan”"
    done.save(update_fields=["title"])
    answer = api.get(address(done, "export.json"))
    assert answer.json() == RESULT
    assert answer["Content-Disposition"] == 'attachment; filename="Board-Q3-plan.json"'


def test_it_exports_json_in_the_order_of_the_kind_whatever_the_database_keeps(api, done):
    turned = dict(reversed(RESULT.items()))
    ResultContent.objects.update(data=turned)
    text = api.get(address(done, "export.json")).content.decode()
    assert list(json.loads(text)) == ["title", "speakers", "topics"]
    assert json.loads(text) == RESULT


def test_it_exports_a_name_that_is_not_ascii(api, done):
    done.title = "Résumé"
    done.save(update_fields=["title"])
    assert (
        "filename*=utf-8''R%C3%A9sum%C3%A9.md" in api.get(address(done, "export.md"))["Content-Disposition"]
    )


def test_it_exports_an_outline_where_a_kind_has_no_template(api, done):
    answer = api.get(address(done, "export.md"))
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("# Filing\n")
    assert "- **title**: Ship \\<b\\>it\\</b\\>" in text
    assert "**value**: 3.5" in text


def test_it_exports_in_the_words_of_the_kinds_template(done, tmp_path, settings):
    (tmp_path / "filing.md").write_text(
        "# {{ result.title }}\n{% for topic in result.topics %}\n- {{ topic.title }}{% endfor %}\n\n\n\n"
        "{% load markdown %}{{ result.title|upper|md }} {{ result.speakers|length }} {{ job.title }}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    object.__setattr__(registry.get("test.filing"), "markdown", "filing.md")
    try:
        text = export.as_markdown(done, RESULT)
    finally:
        object.__setattr__(registry.get("test.filing"), "markdown", "")
    assert text == (
        "# Ship \\<b\\>it\\</b\\>\n\n- \\[click\\](javascript:x)\n\nSHIP \\<B\\>IT\\</B\\> 2 Filing\n"
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("it's “fine” & good", "it's “fine” \\& good"),
        ("*bold* _it_ `code`", "\\*bold\\* \\_it\\_ \\`code\\`"),
        ("![x](y) <script>", "!\\[x\\](y) \\<script\\>"),
        ("# Heading", "\\# Heading"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("12) item", "12\\) item"),
        ("3.5 of -2", "3.5 of -2"),
        ("-2", "-2"),
        ("=====", "\\====="),
        ("two\n\n# lines\r\n", "two # lines"),
        (
            "see https://evil.example and www.evil.example",
            "see https\\://evil.example and www\\.evil.example",
        ),
        ("a@b.example", "a\\@b.example"),
        ("a|b ~c~ \\d", "a\\|b \\~c\\~ \\\\d"),
        ("\x1b[31m", "\\[31m"),
        ("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"),
    ],
)
def test_it_shows_text_in_markdown_word_for_word(text, escaped):
    assert markdown.escape(text) == escaped


def test_it_exports_the_lists_of_a_result_as_one_table(api, done):
    answer = api.get(address(done, "export.csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [row["part"] for row in rows] == ["result", "speakers", "speakers", "topics"]
    assert rows[1]["name"] == "'=HYPERLINK(1)"
    assert (rows[1]["talk.value"], rows[1]["words"]) == ("3.5", "a; b")
    assert (rows[2]["name"], rows[2]["talk.value"]) == ("Ada, B.", "")


def test_it_exports_one_list(api, done):
    rows = list(
        csv.DictReader(io.StringIO(api.get(address(done, "export.csv?part=topics")).content.decode()))
    )
    assert rows == [{"part": "topics", "title": "[click](javascript:x)"}]
    answer = api.get(address(done, "export.csv?part=nothing"))
    assert answer.status_code == 400
    assert "speakers" in answer.json()["detail"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_it_keeps_spreadsheets_from_executing_text(cell):
    assert tables.guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [-1.5, 0, None, True, "a=b", ""])
def test_it_leaves_other_cells_as_they_are(cell):
    assert tables.guarded(cell) == cell


def test_it_makes_a_table_of_any_result():
    assert tables.rows_of("words") == [{"part": "result", "value": "words"}]
    assert tables.rows_of({"a": [1, 2], "b": []}) == [{"part": "result", "a": "1; 2", "b": ""}]
    nested = {"words": [{"word": "um", "count": 3}, {"word": "like", "count": None}], "pairs": [[1, 2], [3]]}
    assert tables.rows_of({"speakers": [nested]})[1] == {
        "part": "speakers",
        "words": "um, 3; like",
        "pairs": "1, 2; 3",
    }


def test_it_knows_no_other_exports(api, done):
    answer = api.get(address(done, "export.pdf"))
    assert answer.status_code == 404
    assert "json, md, csv" in answer.json()["detail"]
