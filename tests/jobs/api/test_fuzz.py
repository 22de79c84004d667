"""Whatever is sent, the answer is one that the contract has."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from jobs import errors_page
from jobs.api.answers import ProblemGiven
from jobs.kinds import registry
from tests.jobs.engine import person

pytestmark = pytest.mark.django_db

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
requests = st.fixed_dictionaries(
    {"kind": st.sampled_from([kind.name for kind in registry]) | values},
    optional=dict.fromkeys(("input", "options", "upload", "priority", "tags", "other"), values),
)
paths = st.sampled_from(["", "batch/", "estimate/"])
calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def client():
    made = APIClient()
    made.force_authenticate(person())
    return made


def keeps_the_contract(answer):
    assert answer.status_code in (200, 202, 400, 404, 413, 415, 429), answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert ProblemGiven.model_validate_json(answer.content).code in errors_page.codes()


@calm
@given(paths, requests | st.fixed_dictionaries({"jobs": st.lists(requests, max_size=2)}) | values)
def test_it_survives_any_body(path, body):
    keeps_the_contract(
        client().post(f"/api/v1/jobs/{path}", json.dumps(body), content_type="application/json")
    )


@calm
@given(st.dictionaries(st.sampled_from(["status", "kind", "tag", "q", "created_after", "cursor"]), st.text()))
def test_it_survives_any_query(query):
    keeps_the_contract(client().get("/api/v1/jobs/", query))


@calm
@given(st.text(max_size=40), st.binary(max_size=200))
def test_it_survives_any_file(name, content):
    from django.core.exceptions import SuspiciousFileOperation
    from django.core.files.uploadedfile import SimpleUploadedFile

    try:
        sent = SimpleUploadedFile(name or "x", content)
        answer = client().post("/api/v1/uploads/", {"file": sent}, format="multipart")
    except (UnicodeEncodeError, SuspiciousFileOperation):
        return  # the test's client, not the site, fails on halves of characters and on "/"
    assert answer.status_code in (201, 400, 413, 415)
