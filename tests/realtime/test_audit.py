"""What is written down of connections: who, when, why; and never what."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from realtime import audit, commands
from realtime.commands import Refused
from shipspeak.accounts import api_keys, tickets
from shipspeak.accounts.tickets import Grant
from shipspeak.logs import Logfmt
from tests.realtime.clients import Socket, person, until

pytestmark = pytest.mark.usefixtures("live")


class Lines(logging.Handler):
    """The lines, as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(Logfmt())
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.message = record.getMessage()
        self.records.append(record)

    def of(self, what: str) -> list[dict]:
        return [vars(record) for record in self.records if record.message == what]

    @property
    def text(self) -> str:
        return "\n".join(map(self.format, self.records))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    made = Lines()
    monkeypatch.setattr(logging.getLogger(audit.LOGGER), "handlers", [made])
    return made


async def test_it_tells_who_came_and_went(lines: Lines) -> None:
    alice, session = await person()
    async with Socket(session) as socket:
        welcome = await socket.hello(user=None)
        await socket.get("snapshot")
    await until(lambda: lines.of("close"))
    (came,), (went,) = lines.of("connect"), lines.of("close")
    assert (came["connection"], came["person"], came["by"]) == (
        welcome["connection"],
        str(alice.pk),
        "session",
    )
    assert (went["connection"], went["code"], went["reason"]) == (came["connection"], "-", "the client went")
    assert 0 <= went["seconds"] < 5
    assert session not in lines.text


async def test_it_tells_why_we_closed_it(lines: Lines) -> None:
    _, session = await person()
    async with Socket(session) as socket:
        await socket.hello()
        await socket.write("{nonsense and secrets}")
        assert await socket.closed_with() == ("malformed", 4400)
    await until(lambda: lines.of("close"))
    assert [(one["code"], one["reason"]) for one in lines.of("close")] == [(4400, "malformed")]
    assert "secrets" not in lines.text


async def test_it_tells_whom_it_refused_and_no_ticket(lines: Lines) -> None:
    alice, _ = await person()
    ticket = await sync_to_async(tickets.issue)(Grant(alice.pk, sign=alice.get_session_auth_hash()))
    async with Socket(path=f"/ws/?ticket={ticket}") as first:
        await first.hello()
        async with Socket(path=f"/ws/?ticket={ticket}") as second:
            await second.say(type="hello")
            assert await second.closed_with() == ("bad_ticket", 4401)
    await until(lambda: lines.of("refuse") and lines.of("close"))
    assert [(one["code"], one["reason"]) for one in lines.of("refuse")] == [(4401, "bad_ticket")]
    assert [one["by"] for one in lines.of("connect")] == ["ticket"]
    assert ticket not in lines.text


async def test_it_tells_what_was_commanded_and_not_with_what(lines: Lines) -> None:
    def refuse(user, data):
        raise Refused("not_now", "Not now.")

    commands.register("job.cancel", lambda user, data: {})
    commands.register("job.retry", refuse)
    alice, _ = await person()
    _, key = await sync_to_async(api_keys.issue)(alice)
    ids = [str(uuid4()) for _ in range(3)]
    async with Socket() as socket:
        await socket.say(type="hello", token=key)
        await socket.get("welcome")
        for id_, name in zip(ids, ("job.cancel", "job.retry", "unknown"), strict=True):
            await socket.say(type="command", id=id_, name=name, data={"note": "a secret"})
            await socket.get("reply")
    told = [(one["command"], one["id"], one["outcome"]) for one in lines.of("command")]
    assert told == [
        ("job.cancel", ids[0], "ok"),
        ("job.retry", ids[1], "not_now"),
        ("unknown", ids[2], "unknown_command"),
    ]
    assert "secret" not in lines.text
    assert key not in lines.text
    assert lines.of("connect")[0]["by"] == "token"
