"""Commands over the socket: done once, answered the same."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from realtime import commands
from realtime.commands import Refused
from realtime.models import AnsweredCommand
from realtime.protocol import Command
from tests.factories import make_user
from tests.realtime.clients import Socket, person


def make_group(user, data):
    """A command with an effect that is easily counted."""
    Group.objects.create(name=f"{data['name']} {Group.objects.count()}")
    if data.get("refuse"):
        raise Refused("not_now", "Not now. Try later.")
    return {"made": data["name"], "by": user.username}


@pytest.mark.usefixtures("live")
async def test_it_carries_a_command_out_and_replies() -> None:
    commands.register("group.make", make_group)
    _, session = await person()
    mine = str(uuid4())
    async with Socket(session) as socket:
        await socket.hello()
        await socket.say(type="command", id=mine, name="group.make", data={"name": "a"})
        reply = await socket.get("reply")
    assert reply == {"type": "reply", "id": mine, "ok": True, "data": {"made": "a", "by": "alice"}}


@pytest.mark.usefixtures("live")
async def test_it_does_a_repeated_command_once_and_answers_the_same() -> None:
    commands.register("group.make", make_group)
    _, session = await person()
    frame = {"type": "command", "id": str(uuid4()), "name": "group.make", "data": {"name": "a"}}
    replies = []
    for _ in range(2):  # as after a lost connection
        async with Socket(session) as socket:
            await socket.hello()
            for _ in range(2):
                await socket.say(**frame)
                replies.append(await socket.get("reply"))
    assert replies == [replies[0]] * 4
    assert await Group.objects.acount() == 1


@pytest.mark.usefixtures("live")
async def test_it_takes_the_same_id_of_two_people_for_two_commands() -> None:
    commands.register("group.make", make_group)
    mine = str(uuid4())
    for name in ("alice", "bob"):
        _, session = await person(name)
        async with Socket(session) as socket:
            await socket.hello()
            await socket.say(type="command", id=mine, name="group.make", data={"name": "a"})
            assert (await socket.get("reply"))["data"]["by"] == name


@pytest.mark.usefixtures("live")
async def test_it_undoes_what_a_refused_command_did_and_refuses_it_again() -> None:
    commands.register("group.make", make_group)
    _, session = await person()
    frame = {
        "type": "command",
        "id": str(uuid4()),
        "name": "group.make",
        "data": {"name": "a", "refuse": True},
    }
    async with Socket(session) as socket:
        await socket.hello()
        for _ in range(2):
            await socket.say(**frame)
            reply = await socket.get("reply")
            assert not reply["ok"]
            assert reply["error"] == {"code": "not_now", "message": "Not now. Try later."}
    assert await Group.objects.acount() == 0


@pytest.mark.usefixtures("live")
async def test_it_refuses_a_command_that_it_does_not_know() -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await socket.say(type="command", id=str(uuid4()), name="job.explode")
        assert (await socket.get("reply"))["error"]["code"] == "unknown_command"


@pytest.mark.usefixtures("live")
async def test_it_does_nothing_for_a_command_that_broke(caplog) -> None:
    def breaks(user, data):
        make_group(user, {"name": "a"})
        raise ZeroDivisionError

    commands.register("group.break", breaks)
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await socket.say(type="command", id=str(uuid4()), name="group.break")
        assert await socket.closed_with() == ("internal", 4500)
    assert await Group.objects.acount() == 0
    assert await AnsweredCommand.objects.acount() == 0


@pytest.mark.usefixtures("live")
async def test_it_takes_no_command_with_a_key_that_may_only_read(settings) -> None:
    commands.register("group.make", make_group)
    alice, _ = await person()
    settings.REALTIME_AUTHENTICATE = f"{__name__}.whose"
    for token, ok in (("read alice", False), ("write alice", True)):
        async with Socket(origin=None) as socket:
            await socket.say(type="hello", token=token, streams={"user": None})
            assert (await socket.get("welcome"))["user"]["id"] == str(alice.pk)
            await socket.get("snapshot")
            await socket.say(type="command", id=str(uuid4()), name="group.make", data={"name": "a"})
            reply = await socket.get("reply")
            assert reply["ok"] is ok
    assert await Group.objects.acount() == 1


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("token", ["read nobody", "nonsense"])
async def test_it_closes_on_a_token_that_is_no_good(settings, token: str) -> None:
    settings.REALTIME_AUTHENTICATE = f"{__name__}.whose"
    _, session = await person()
    async with Socket(session) as socket:  # the cookie does not help a wrong token
        await socket.say(type="hello", token=token)
        assert await socket.closed_with() == ("not_signed_in", 4401)


def whose(token: str, scope: str):
    """Tokens of this test: "read alice", "write alice"."""
    from shipspeak.accounts.models import User

    right, _, name = token.partition(" ")
    return User.objects.filter(username=name).first() if right in (scope, "write") else None


@pytest.mark.django_db(transaction=True)
def test_it_does_a_command_once_when_two_tabs_send_it_at_the_same_time() -> None:
    commands.register("group.make", make_group)
    alice = make_user("alice")
    command = Command(type="command", id=uuid4(), name="group.make", data={"name": "a"})
    replies = []

    def tab() -> None:
        replies.append(commands.carry_out(alice, command))
        connection.close()

    tabs = [threading.Thread(target=tab) for _ in range(4)]
    for each in tabs:
        each.start()
    for each in tabs:
        each.join()
    assert len(replies) == 4
    assert len(set(replies)) == 1
    assert Group.objects.count() == 1


@pytest.mark.django_db
def test_it_forgets_old_answers() -> None:
    commands.register("group.make", make_group)
    command = Command(type="command", id=uuid4(), name="group.make", data={"name": "a"})
    commands.carry_out(make_user("alice"), command)
    assert commands.forget(timezone.now() - timedelta(days=1)) == 0
    assert commands.forget(timezone.now()) == 1
