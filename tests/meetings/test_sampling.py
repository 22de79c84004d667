"""The sample: within its budget, in order, the same each time, and covering more than chance."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from shipspeak.meetings import sampling
from shipspeak.meetings.corpus import Corpus
from shipspeak.meetings.passages import passages, tokens
from tests.meetings.transcripts import meeting, silent

WORDS = (
    "garden", "fence", "willow", "mint", "fern", "soil", "water", "spring",
    "bridge", "budget", "contract", "harbour", "ferry", "ticket", "summer",
)  # fmt: skip


def long_meeting(size: int = 400, seed: int = 1) -> Corpus:
    """A meeting about some three hundred things, most of what is said being small talk."""
    dice = random.Random(seed)
    lines = []
    for number in range(size):
        said = (
            " ".join(f"{word}{dice.randrange(20)}" for word in dice.choices(WORDS, k=6))
            if number % 4 == 0
            else "yeah okay so that is what it is"
        )
        lines.append(f"Speaker {number % 5}: {said.capitalize()}.")
    return meeting(*lines)


def test_it_takes_all_of_a_short_meeting() -> None:
    sample = sampling.sample(meeting("Ann: The fence is high.", "Bob: The soil is wet."), 6000, "", silent)
    assert sample.whole
    assert sample.coverage == 1.0


@given(st.integers(100, 3000))
@settings(deadline=None, max_examples=20)
def test_it_keeps_to_its_budget_and_to_the_order(budget: int) -> None:
    sample = sampling.sample(long_meeting(), budget, "", silent)
    numbers = [passage.number for passage in sample.chosen]
    assert sample.tokens <= budget
    assert sample.tokens == sum(passage.tokens for passage in sample.chosen)
    assert numbers == sorted(set(numbers))
    assert 0 <= sample.coverage <= 1


def test_it_is_the_same_each_time() -> None:
    first = sampling.sample(long_meeting(), 800, "", silent)
    assert first == sampling.sample(long_meeting(), 800, "", silent)


def test_it_covers_more_than_the_beginning_does() -> None:
    corpus = long_meeting()
    every = passages(corpus)
    worth = sampling.term_weights(every)
    sample = sampling.sample(corpus, 300, "", silent)
    beginning = every[: len(sample.chosen)]
    assert sample.coverage > sampling.coverage(beginning, worth)


def test_it_covers_more_with_more_budget_and_reports_it() -> None:
    heard: list[float] = []

    def report(fraction: float, stage: str = "", **quality: float) -> None:
        heard.append(quality["coverage"])

    small = sampling.sample(long_meeting(), 200, "", silent)
    large = sampling.sample(long_meeting(), 900, "", report)
    assert small.coverage < large.coverage
    assert heard == sorted(heard)


def test_it_favours_the_focus() -> None:
    lines = [f"Ann: We spoke about the harbour ferry number {n} and its ticket." for n in range(200)]
    lines[120] = "Bob: The willow near the fence must go before spring comes."
    corpus = meeting(*lines)

    def holds_willow(focus: str) -> bool:
        sample = sampling.sample(corpus, 120, focus, silent)
        return any("willow" in line.text for passage in sample.chosen for line in passage.lines)

    assert holds_willow("the willow")
    assert holds_willow("bob")


def test_it_makes_passages_of_the_whole_meeting_word_for_word() -> None:
    corpus = long_meeting(50)
    every = passages(corpus)
    assert [one for passage in every for one in passage.sentences] == list(corpus.sentences)
    for passage in every:
        for line in passage.lines:
            assert line.text in corpus.turns[line.turn].text


def test_it_estimates_tokens_by_bytes() -> None:
    assert tokens("a" * 400) == 100
    assert tokens("会") == 1
