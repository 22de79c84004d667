"""Sockets end with what they were opened by: tickets, tokens, keys and accounts, over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone

from realtime.sign_out import look_again
from shipspeak.accounts import api_keys, bearers, tickets
from shipspeak.accounts.models import ApiKey, SocketTicket, User
from shipspeak.accounts.tickets import Grant
from tests.realtime.clients import Socket, person, signed_in

pytestmark = pytest.mark.usefixtures("live")


def by_ticket(ticket: str) -> Socket:
    return Socket(path=f"/ws/?ticket={ticket}", origin=b"https://elsewhere.example")


def grants(user: User) -> dict[str, Callable[[], Grant]]:
    return {
        "session": lambda: Grant(user.pk, session_key=signed_in(user)),
        "key": lambda: Grant(user.pk, api_key=api_keys.issue(user)[0].pk),
        "token": lambda: Grant(
            user.pk, until=timezone.now() + timedelta(minutes=5), sign=user.get_session_auth_hash()
        ),
    }


@sync_to_async
def issued(user: User, kind: str) -> str:
    return tickets.issue(grants(user)[kind]())


@pytest.mark.parametrize("kind", ["session", "key", "token"])
async def test_a_ticket_opens_one_socket_from_any_page(kind: str) -> None:
    alice, _ = await person()
    ticket = await issued(alice, kind)
    async with by_ticket(ticket) as socket:
        assert (await socket.hello(user=None))["user"]["username"] == "alice"
        await socket.get("snapshot")
        async with by_ticket(ticket) as second:
            await second.say(type="hello")
            assert await second.closed_with() == ("bad_ticket", 4401)
        assert await socket.settled() == []


@pytest.mark.parametrize("ticket", ["unknown", "", "%00", "x" * 3000, "é"])
async def test_it_closes_on_a_ticket_that_there_is_not(ticket: str) -> None:
    async with by_ticket(ticket) as socket:
        await socket.say(type="hello")
        error, code = await socket.closed_with()
    assert (error, code) == ("bad_ticket" if ticket else "not_signed_in", 4401)


async def test_it_closes_on_a_ticket_that_is_too_old() -> None:
    alice, _ = await person()
    ticket = await issued(alice, "session")
    await SocketTicket.objects.aupdate(expires_at=timezone.now())
    async with by_ticket(ticket) as socket:
        await socket.say(type="hello")
        assert await socket.closed_with() == ("bad_ticket", 4401)


async def test_it_does_not_fall_back_on_the_cookie_of_who_opens_it_by_a_ticket() -> None:
    _, session = await person()
    async with Socket(session, path="/ws/?ticket=unknown") as socket:
        await socket.say(type="hello")
        assert await socket.closed_with() == ("bad_ticket", 4401)


async def test_it_takes_an_access_token_in_hello() -> None:
    alice, _ = await person()
    pair = await sync_to_async(bearers.pair)(alice)
    async with Socket() as socket:
        await socket.say(type="hello", token=pair["access"], streams={"user": None})
        await socket.get("welcome")
    for wrong in (pair["refresh"], pair["access"][:-2], "eyJ"):
        async with Socket() as socket:
            await socket.say(type="hello", token=wrong)
            assert await socket.closed_with() == ("not_signed_in", 4401)


def deactivate(user: User) -> None:
    user.is_active = False
    user.save()


def change_password(user: User) -> None:
    user.set_password("another that is long enough")
    user.save()


def sign_out(user: User) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()
    look_again(user.pk)


def revoke(user: User) -> None:
    api_keys.revoke(user, ApiKey.objects.get().pk)


def delete_keys(user: User) -> None:
    ApiKey.objects.get().delete()


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("session", deactivate),
        ("session", change_password),
        ("session", sign_out),
        ("key", deactivate),
        ("key", revoke),
        ("key", delete_keys),
        ("token", deactivate),
        ("token", change_password),
    ],
)
@pytest.mark.parametrize("way", ["ticket", "itself"])
async def test_a_socket_ends_with_what_it_was_opened_by(
    kind: str, change: Callable[[Any], None], way: str
) -> None:
    alice, _ = await person()
    _, other = await person("bob")
    socket, hello = await sync_to_async(opened)(alice, kind, way)
    async with socket, Socket(other) as neighbour:
        await neighbour.hello()
        await socket.say(type="hello", **hello)
        await socket.get("welcome")
        await sync_to_async(change)(alice)
        assert await socket.closed_with() == ("not_signed_in", 4401), "without a word from the client"
        assert await neighbour.settled() == []


def opened(user: User, kind: str, way: str) -> tuple[Socket, dict[str, str]]:
    if way == "ticket":
        return by_ticket(tickets.issue(grants(user)[kind]())), {}
    if kind == "session":
        return Socket(signed_in(user)), {}
    return Socket(), {"token": api_keys.issue(user)[1] if kind == "key" else bearers.pair(user)["access"]}


async def test_what_takes_nothing_away_closes_nothing() -> None:
    alice, session = await person()
    async with Socket(session) as socket:
        await socket.hello(user=None)
        await socket.get("snapshot")
        await sync_to_async(api_keys.issue)(alice)
        await sync_to_async(Client().force_login)(alice)
        alice.email = "new@example.org"
        await alice.asave()
        assert await socket.settled() == []


async def test_a_token_that_has_expired_is_good_for_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    alice, _ = await person()
    grant = Grant(alice.pk, until=timezone.now() + timedelta(minutes=5), sign=alice.get_session_auth_hash())
    ticket = await sync_to_async(tickets.issue)(grant)
    async with by_ticket(ticket) as socket:
        await socket.hello()
        later = timezone.now() + timedelta(minutes=6)
        monkeypatch.setattr(timezone, "now", lambda: later)
        await sync_to_async(look_again)(alice.pk)
        assert await socket.closed_with() == ("not_signed_in", 4401)
