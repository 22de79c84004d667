"""The offline provider and its extracts."""

from __future__ import annotations

import asyncio
import threading
import time
from decimal import Decimal

import pytest

from jobs.errors import InvalidData, NotOffered, ProviderRejected
from jobs.providers.local.extract import LONGEST_SENTENCE, READ_AT_MOST, SENTENCES, reply
from jobs.providers.local.provider import ANALYSIS, EXTRACT, LocalProvider
from tests.jobs.providers.asking import minutes, request, request_for_minutes

REPORT = (
    "The budget for marketing was cut by half. Everyone was surprised. It rained. "
    "The marketing budget comes back in spring, said Alice. Lunch was late. We had soup. It was warm. "
    "Bob wants the marketing budget to be decided by the board. Then we went home."
)


@pytest.fixture
async def local():
    provider = LocalProvider()
    yield provider
    await provider.close()


async def test_it_answers_by_the_offline_way_of_the_request(local):
    answer = await local.ask(request_for_minutes())
    assert answer.text == minutes().model_dump_json()
    assert (answer.model, answer.offline) == (ANALYSIS, True)


async def test_it_costs_nothing_and_knows_it(local):
    usage = (await local.ask(request_for_minutes())).usage
    assert (usage.tokens_in, usage.tokens_out, usage.cost_usd) == (0, 0, Decimal(0))


async def test_it_works_in_a_thread_and_leaves_the_loop_free(local):
    threads = []

    def slowly() -> str:
        threads.append(threading.current_thread())
        time.sleep(0.2)
        return "done"

    task = asyncio.create_task(local.ask(request(offline=slowly)))
    ticks = 0
    while not task.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 5
    assert threads[0] is not threading.current_thread()


async def test_it_makes_an_extract_of_a_text_without_an_offline_way(local):
    answer = await local.ask(request(REPORT))
    assert answer.model == EXTRACT
    assert "offline" in answer.text


async def test_it_refuses_a_form_that_it_has_no_way_to_fill(local):
    with pytest.raises(NotOffered, match="OPENAI_API_KEY"):
        await local.ask(request_for_minutes(offline=None))


async def test_it_lets_through_what_the_offline_way_raises(local):
    def refuse() -> str:
        raise InvalidData("Nobody speaks in this meeting.")

    with pytest.raises(InvalidData, match="Nobody speaks"):
        await local.ask(request(offline=refuse))


async def test_closing_it_does_not_wait_for_work_that_was_dropped():
    provider, ended = LocalProvider(), threading.Event()
    task = asyncio.create_task(provider.ask(request(offline=lambda: str(ended.wait(5)))))
    await asyncio.sleep(0.05)
    task.cancel()
    began = time.monotonic()
    await provider.close()
    assert time.monotonic() - began < 0.5
    ended.set()


def test_an_extract_names_what_the_text_is_about():
    assert "marketing budget" in reply(REPORT).split("**Key phrases:** ")[1].splitlines()[0]


def test_an_extract_quotes_the_telling_sentences_in_their_order():
    lines = [line.removeprefix("- ") for line in reply(REPORT).splitlines() if line.startswith("- ")]
    assert len(lines) == SENTENCES
    assert all(line in REPORT for line in lines)
    assert lines == sorted(lines, key=REPORT.index)
    assert "The marketing budget comes back in spring, said Alice." in lines


def test_an_extract_is_the_same_every_time():
    assert reply(REPORT) == reply(REPORT)


@pytest.mark.parametrize("text", ["", "   \n", "...", "🚢 🚢", "\x00"])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(ProviderRejected, match="no words"):
        reply(text)


@pytest.mark.parametrize(
    "text", ["x", "12 34", "Grüße aus Köln. Das Treffen war kurz.", "会議は金曜日です。予算を決めます。"]
)
def test_it_takes_short_texts_in_any_language(text):
    assert reply(text)


def test_it_says_when_it_has_not_read_all_of_a_long_text():
    text = "Alice ships the boat on Friday. " * 10_000
    made = reply(text)
    assert f"of its {len(text):,} characters were read" in made
    assert len(made) < 5_000


def test_it_shortens_what_never_ends():
    made = reply("word " * READ_AT_MOST)
    assert max(len(line) for line in made.splitlines()) < LONGEST_SENTENCE + 10
