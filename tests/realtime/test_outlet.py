"""The way out to a socket: order, limits, and servers that wait or do not."""

from __future__ import annotations

import asyncio

import pytest

from realtime import eager
from realtime.outlet import MAX_HELD_SIGNALS, Outlet, text
from realtime.protocol import CloseCode
from tests.realtime.fakes import Wire


def make(credit: int = 1000) -> tuple[Outlet, Wire]:
    wire = Wire()
    return Outlet(wire.send, asyncio.get_running_loop(), credit), wire


async def drained(outlet: Outlet) -> None:
    while outlet._task is not None:
        await asyncio.sleep(0)


async def test_it_sends_at_once_without_a_task() -> None:
    outlet, wire = make()
    outlet.send(text("1"))
    assert wire.frames == [1]
    assert outlet._task is None


async def test_it_keeps_the_order_when_the_server_makes_it_wait() -> None:
    outlet, wire = make()
    wire.free.clear()
    for n in range(5):
        outlet.send(text(str(n)))
    assert wire.frames == []
    wire.free.set()
    await drained(outlet)
    assert wire.frames == [0, 1, 2, 3, 4]


async def test_it_lets_a_newer_signal_replace_an_older_one_while_the_client_is_slow() -> None:
    outlet, wire = make()
    wire.free.clear()
    outlet.send(text('"event"'))
    for n in range(3):
        outlet.signal("progress a", text(f'"a{n}"'))
        outlet.signal("progress b", text(f'"b{n}"'))
    outlet.send(text('"later event"'))
    wire.free.set()
    await drained(outlet)
    assert wire.frames == ["event", "later event", "a2", "b2"]


async def test_it_holds_signals_back_from_who_says_nothing() -> None:
    outlet, wire = make(credit=10)
    for n in range(100):
        outlet.signal("progress", text(f'"{n:04}"'))
    assert wire.frames == ["0000", "0001"]
    outlet.heard()
    assert wire.frames == ["0000", "0001", "0099"]


async def test_it_holds_so_many_signals_and_no_more() -> None:
    outlet, wire = make(credit=0)
    for n in range(MAX_HELD_SIGNALS + 10):
        outlet.signal(str(n), text(str(n)))
    assert outlet._held is not None
    assert len(outlet._held) == MAX_HELD_SIGNALS
    assert "0" not in outlet._held
    assert wire.sent == []


async def test_it_says_why_before_it_closes_and_nothing_after() -> None:
    outlet, wire = make()
    outlet.close(CloseCode.FORBIDDEN, "forbidden", "Not yours.")
    outlet.send(text("1"))
    outlet.close(CloseCode.OURS, "again", "Again.")
    assert wire.frames == [{"type": "error", "code": "forbidden", "message": "Not yours."}, "websocket.close"]
    assert wire.sent[1]["code"] == 4403


async def test_it_closes_after_what_waits() -> None:
    outlet, wire = make()
    wire.free.clear()
    outlet.send(text("1"))
    outlet.close(CloseCode.OURS, "why", "Why.")
    outlet.send(text("2"))
    wire.free.set()
    await drained(outlet)
    assert [frame if isinstance(frame, int | str) else frame["type"] for frame in wire.frames] == [
        1,
        "error",
        "websocket.close",
    ]


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("Unexpected ASGI message")])
@pytest.mark.parametrize("waits", [False, True])
async def test_it_takes_a_client_that_left_quietly(error: Exception, waits: bool, caplog) -> None:
    outlet, wire = make()
    wire.error = error
    if waits:
        wire.free.clear()
    outlet.send(text("1"))
    outlet.send(text("2"))
    wire.free.set()
    await drained(outlet)
    assert outlet.closed
    assert wire.sent == []
    assert caplog.records == []


async def test_it_reports_an_error_of_the_server_and_does_not_pass_it_on(caplog) -> None:
    outlet, wire = make()
    wire.error = KeyError("a bug")
    outlet.send(text("1"))
    assert outlet.closed
    assert "could not be sent to" in caplog.text


async def test_it_resumes_a_coroutine_that_waited_with_what_it_waited_for() -> None:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()
    got = []

    async def work() -> None:
        got.append(await answer)
        await asyncio.sleep(0)
        got.append("done")

    task = eager.start(work(), loop)
    assert task is not None
    answer.set_result("answer")
    await task
    assert got == ["answer", "done"]


async def test_it_hands_errors_into_a_coroutine_that_waited() -> None:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()
    caught = []

    async def work() -> None:
        try:
            await answer
        except ValueError as error:
            caught.append(str(error))
            raise KeyError from error

    task = eager.start(work(), loop)
    assert task is not None
    answer.set_exception(ValueError("no"))
    with pytest.raises(KeyError):
        await task
    assert caught == ["no"]


async def test_it_cancels_a_coroutine_that_waited() -> None:
    cancelled = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    task = eager.start(work(), asyncio.get_running_loop())
    assert task is not None
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled == [True]
