from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.urls import get_resolver

from jobs.api import urls
from jobs.api.answers import BudgetProblemGiven, ProblemGiven
from jobs.api.endpoint import Endpoint


def schema():
    out = io.StringIO()
    call_command("spectacular", "--format", "openapi-json", "--validate", "--fail-on-warn", stdout=out)
    return json.loads(out.getvalue())


def test_it_describes_every_address_and_its_errors():
    described = schema()["paths"]
    for pattern in urls.urlpatterns:
        view = pattern.callback.view_class
        path = "/api/v1/" + str(pattern.pattern).replace("<uuid:", "{").replace("<str:", "{").replace(
            ">", "}"
        )
        methods = {name for name in ("get", "post") if hasattr(view, name)}
        assert methods <= set(described[path])
        for method in methods:
            operation = described[path][method]
            assert operation["description"]
            assert operation["operationId"].count("_") <= 1
            problem = operation["responses"]["500"]["content"]["application/problem+json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/ProblemGiven"}


@pytest.mark.parametrize("path", ["/api/v1/jobs/", "/api/v1/jobs/batch/"])
def test_it_shows_what_a_budget_that_is_used_up_is_told_by(path):
    (told,) = schema()["paths"][path]["post"]["responses"]["402"]["content"].values()
    assert told["schema"] == {"$ref": "#/components/schemas/BudgetProblemGiven"}
    (example,) = told["examples"].values()
    given = BudgetProblemGiven.model_validate(example["value"])
    assert (given.status, given.code, given.left_usd) == (402, "budget_exceeded", "0.125")


def test_every_example_of_an_error_is_one_that_may_be_answered():
    examples = [
        example["value"]
        for operations in schema()["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if status >= "400"
        for content in answer["content"].values()
        for example in content.get("examples", {}).values()
    ]
    assert {one["status"] for one in examples} >= {400, 402, 404, 409, 429}
    for one in examples:
        (BudgetProblemGiven if one["status"] == 402 else ProblemGiven).model_validate(one)


def test_it_describes_the_long_poll_of_streams():
    (operation,) = schema()["paths"]["/api/v1/streams/{stream}/events/"].values()
    assert {one["name"] for one in operation["parameters"]} == {"stream", "epoch", "since", "wait", "limit"}


def test_it_tells_what_may_be_left_out_of_a_request():
    parts = schema()["components"]["schemas"]
    assert parts["JobRequest"]["required"] == ["kind"]
    assert set(parts["JobGiven"]["required"]) == set(parts["JobGiven"]["properties"])


def test_it_tells_of_the_graph_of_a_kind():
    step = schema()["components"]["schemas"]["StepTitle"]["properties"]
    assert {"depends_on", "optional", "over", "tolerates"} <= set(step)
    assert "goes through" in step["over"]["description"]


@pytest.mark.django_db
def test_it_serves_the_schema_and_its_page_from_here_alone(client):
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "http://" not in text.replace("http://testserver", "")
    assert "https://" not in text
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")


def test_it_has_only_views_that_speak_in_problems():
    views = [pattern.callback.view_class for pattern in urls.urlpatterns]
    assert all(issubclass(view, Endpoint) for view in views)
    assert get_resolver().resolve("/api/anything").func.view_class.__name__ == "Nowhere"
