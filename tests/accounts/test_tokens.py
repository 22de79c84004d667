"""Signing in over REST: pairs of tokens, and tickets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from realtime import identity
from shipspeak.accounts import api_keys, bearers, guessing, retention, tickets
from shipspeak.accounts.models import SocketTicket, SpentToken, User
from tests.factories import PASSWORD

TOKEN = "/api/v1/auth/token/"
REFRESH = "/api/v1/auth/token/refresh/"
TICKET = "/api/v1/ws-ticket/"
ME = "/api/v1/jobs/"


def post(client: Client, path: str, data=None, **headers: str):
    return client.post(path, data or {}, content_type="application/json", headers=headers)


def sign_in(client: Client, password: str = PASSWORD, username: str = "alice"):
    return post(client, TOKEN, {"username": username, "password": password})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def code(answer) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_a_password_gives_a_pair_of_which_the_first_opens_the_api(client: Client, alice: User) -> None:
    answer = sign_in(client)
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert answer["Cache-Control"] == "no-store"
    assert client.get(ME, headers=bearer(answer.json()["access"])).status_code == 200
    assert code(client.get(ME, headers=bearer(answer.json()["refresh"]))) == (401, "authentication_failed")
    alice.refresh_from_db()
    assert alice.last_login, "it is a sign-in like another"


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("alice", "")])
def test_it_says_no_more_than_that_they_do_not_belong_together(
    client: Client, alice: User, name: str, password: str
) -> None:
    answer = sign_in(client, password, name)
    assert code(answer) == (401, "authentication_failed")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["detail"] == "This name and this password do not belong together."


def test_who_is_not_active_gets_none(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    assert code(sign_in(client)) == (401, "authentication_failed")


@pytest.mark.parametrize("data", [{}, {"username": "a"}, {"username": 1, "password": "x"}, {"refresh": "x"}])
def test_it_names_what_is_missing(client: Client, data) -> None:
    assert code(post(client, TOKEN, data)) == (400, "bad_input")


def test_guessing_is_slowed_down_as_on_the_page(client: Client, alice: User) -> None:
    for _ in range(guessing.HERE.tries):
        assert sign_in(client, "wrong").status_code == 401
    answer = sign_in(client)
    assert code(answer) == (429, "too_many_tries")
    assert int(answer["Retry-After"]) == guessing.HERE.seconds


def test_who_signs_in_again_and_again_with_the_right_password_is_not_guessing(
    client: Client, alice: User
) -> None:
    assert {sign_in(client).status_code for _ in range(guessing.HERE.tries + 2)} == {200}


def test_a_refresh_token_is_good_once(client: Client, alice: User) -> None:
    first = sign_in(client).json()
    answer = post(client, REFRESH, {"refresh": first["refresh"]})
    assert answer.status_code == 200
    assert client.get(ME, headers=bearer(answer.json()["access"])).status_code == 200
    assert code(post(client, REFRESH, {"refresh": first["refresh"]})) == (401, "authentication_failed")
    assert post(client, REFRESH, {"refresh": answer.json()["refresh"]}).status_code == 200


def test_of_two_that_use_it_in_the_same_moment_one_gets_a_pair(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = bearers.pair(alice)["refresh"]
    person = bearers._person

    def while_another_is_quicker(token):
        monkeypatch.setattr(bearers, "_person", person)
        bearers.renew(refresh)
        return person(token)

    monkeypatch.setattr(bearers, "_person", while_another_is_quicker)
    with pytest.raises(bearers.Spent):
        bearers.renew(refresh)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "ss_" + "x" * 40])
def test_it_refuses_what_is_no_refresh_token(client: Client, token: str) -> None:
    assert code(post(client, REFRESH, {"refresh": token})) == (401, "authentication_failed")


def test_an_access_token_renews_nothing(client: Client, alice: User) -> None:
    access = sign_in(client).json()["access"]
    assert code(post(client, REFRESH, {"refresh": access})) == (401, "authentication_failed")


@pytest.mark.parametrize("change", ["password", "active", "deleted"])
def test_both_end_with_the_account_and_its_password(client: Client, alice: User, change: str) -> None:
    pair = sign_in(client).json()
    if change == "deleted":
        alice.delete()
    else:
        alice.set_password("another that is long enough")
        alice.is_active = change != "active"
        alice.save()
    assert code(client.get(ME, headers=bearer(pair["access"]))) == (401, "authentication_failed")
    assert code(post(client, REFRESH, {"refresh": pair["refresh"]})) == (401, "authentication_failed")
    assert bearers.user_with(pair["access"], "read") is None


def test_an_access_token_ends_after_ten_minutes(client: Client, alice: User) -> None:
    token = AccessToken.for_user(alice)
    token.set_exp(from_time=timezone.now() - timedelta(minutes=11))
    assert code(client.get(ME, headers=bearer(str(token)))) == (401, "authentication_failed")


def test_tokens_are_not_signed_by_the_key_that_signs_sessions(settings) -> None:
    assert settings.SIMPLE_JWT["SIGNING_KEY"] != settings.SECRET_KEY
    assert len(settings.SIMPLE_JWT["SIGNING_KEY"]) == 64


def test_no_foreign_page_gets_a_pair_by_a_cookie(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert code(post(strict, TOKEN)) == (400, "bad_input"), "the cookie does not count here"
    assert code(post(strict, TICKET)) == (403, "csrf_failed")


def credentials(client: Client, alice: User, kind: str) -> dict[str, str]:
    if kind == "session":
        client.force_login(alice)
        return {}
    scopes = ["read"] if kind == "key to read" else ["read", "write"]
    return bearer(api_keys.issue(alice, scopes=scopes)[1] if "key" in kind else bearers.pair(alice)["access"])


@pytest.mark.parametrize("kind", ["session", "key", "key to read", "token"])
def test_everybody_who_is_signed_in_gets_tickets(client: Client, alice: User, kind: str) -> None:
    answer = post(client, TICKET, **credentials(client, alice, kind))
    assert (answer.status_code, answer.json()["expires_in"]) == (200, 30)
    ticket = answer.json()["ticket"]
    assert ticket not in str(SocketTicket.objects.values().get())
    grant = tickets.redeem(ticket)
    assert grant
    assert grant.holder("read") == alice
    assert (grant.holder("write") == alice) is (kind != "key to read")
    assert tickets.redeem(ticket) is None
    assert "user=" in repr(grant)
    assert grant.session_key not in repr(grant) or not grant.session_key


def test_nobody_else_does(client: Client) -> None:
    assert code(post(client, TICKET)) == (401, "not_authenticated")


def test_a_ticket_of_a_session_is_not_good_for_another_person_in_it(
    client: Client, alice: User, bob: User
) -> None:
    client.force_login(alice)
    grant = tickets.redeem(post(client, TICKET).json()["ticket"])
    assert grant
    client.logout()
    assert grant.holder("read") is None


def test_what_is_used_up_is_cleaned_up(client: Client, alice: User) -> None:
    bearers.renew(bearers.pair(alice)["refresh"])
    tickets.issue(tickets.Grant(alice.pk))
    for part in retention.leftovers(timezone.now()):
        part.prune()
    assert (SpentToken.objects.count(), SocketTicket.objects.count()) == (1, 1)
    for part in retention.leftovers(timezone.now() + timedelta(days=15)):
        part.prune()
    assert (SpentToken.objects.count(), SocketTicket.objects.count()) == (0, 0)


def test_a_ticket_is_read_from_the_address() -> None:
    assert identity.ticket_of(b"ticket=abc&x=1") == "abc"
    assert identity.ticket_of(b"x=1") == identity.ticket_of(b"") == ""
