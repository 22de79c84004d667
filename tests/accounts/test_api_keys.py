"""API keys: issue, use, scope, revoke."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from shipspeak.accounts import api_keys
from shipspeak.accounts.models import ApiKey, User


class Echo(APIView):
    """A view with the project's own authentication and permissions."""

    def get(self, request: Request) -> Response:
        return Response({"user": request.user.get_username()})

    post = get


def call(method: str = "get", key: str | None = None, scheme: str = "Bearer") -> Response:
    headers = {"Authorization": f"{scheme} {key}"} if key else {}
    return Echo.as_view()(getattr(APIRequestFactory(), method)("/", headers=headers))


def test_it_lets_a_key_in_as_its_owner(alice: User) -> None:
    _, key = api_keys.issue(alice, "laptop")

    answer = call("post", key)

    assert answer.status_code == 200
    assert answer.data == {"user": "alice"}


def test_it_keeps_no_key(alice: User) -> None:
    row, key = api_keys.issue(alice)

    stored = " ".join(str(value) for value in ApiKey.objects.values().get(pk=row.pk).values())

    assert key.startswith("ss_")
    assert key not in stored
    assert key.startswith(row.prefix)


@pytest.mark.parametrize(("method", "scopes", "status"), [
    ("get", ["read"], 200),
    ("post", ["read"], 403),
    ("get", ["write"], 403),
    ("post", ["write"], 200),
])  # fmt: skip
def test_it_holds_a_key_to_its_scopes(alice: User, method: str, scopes: list[str], status: int) -> None:
    _, key = api_keys.issue(alice, scopes=scopes)

    assert call(method, key).status_code == status


@pytest.mark.django_db
def test_it_asks_who_comes_without_a_key_for_one() -> None:
    answer = call()

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_it_refuses_an_unknown_key(db: None, scheme: str) -> None:
    assert call("get", "ss_not-a-key", scheme).status_code == 401


def test_it_refuses_a_revoked_key(alice: User) -> None:
    row, key = api_keys.issue(alice)

    assert api_keys.revoke(alice, row.pk)
    assert call("get", key).status_code == 401
    assert not api_keys.revoke(alice, row.pk)


def test_it_refuses_the_key_of_a_closed_account(alice: User) -> None:
    _, key = api_keys.issue(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert call("get", key).status_code == 401


def test_it_lets_nobody_revoke_anothers_key(alice: User, charlie: User) -> None:
    row, key = api_keys.issue(alice)

    assert not api_keys.revoke(charlie, row.pk)
    assert call("get", key).status_code == 200


def test_it_notes_its_use_at_most_once_a_minute(alice: User, django_assert_num_queries: object) -> None:
    row, key = api_keys.issue(alice)
    api_keys.find(key)
    first = ApiKey.objects.get(pk=row.pk).last_used_at

    with django_assert_num_queries(1):  # type: ignore[operator]
        api_keys.find(key)
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    api_keys.find(key)

    later = ApiKey.objects.get(pk=row.pk).last_used_at
    assert first is not None
    assert later is not None
    assert later > first


def test_it_tells_realtime_whose_key_it_is(alice: User) -> None:
    _, key = api_keys.issue(alice, scopes=["read"])

    assert api_keys.user_with(key, "read") == alice
    assert api_keys.user_with(key, "write") is None
    assert api_keys.user_with("ss_unknown", "read") is None
    assert api_keys.user_with("", "read") is None


def test_it_prints_a_new_key_alone_on_its_line(alice: User) -> None:
    out, err = StringIO(), StringIO()

    call_command("create_api_key", "alice", "--name", "script", "--scope", "read", stdout=out, stderr=err)

    key = out.getvalue()
    assert key.count("\n") == 1
    assert api_keys.user_with(key.strip(), "read") == alice
    assert ApiKey.objects.get().name == "script"
    assert key.strip() not in err.getvalue()


@pytest.mark.parametrize(("arguments", "words"), [
    (("nobody",), 'There is nobody called "nobody"'),
    (("alice", "--scope", "everything"), "A scope is one of read, write, not everything"),
    (("alice", "--scope", ","), "A scope is one of read, write, not none"),
])  # fmt: skip
def test_it_makes_no_key_from_nonsense(alice: User, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("create_api_key", *arguments)

    assert not ApiKey.objects.exists()
