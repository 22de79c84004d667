"""Eleven real meetings (QMSum, Zhong et al. 2021), where they are at hand.

Asserted are margins well below what was measured, as ROUGE-1 recall of people's general summaries, mean of
the eleven: a sample of 3,000 tokens 0.71, as many tokens from the beginning 0.66, by chance 0.67; of 6,000
tokens 0.77, 0.73 and 0.74; the offline summary 0.32 (0.37 with the sentences about the meeting itself), as
many words from the beginning 0.22, of sentences by chance 0.26.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shipspeak.meetings import sampling, words
from shipspeak.meetings.corpus import Corpus
from shipspeak.meetings.offline.content import content
from shipspeak.meetings.parsing import read_text
from shipspeak.meetings.parsing.names import one_name
from shipspeak.meetings.passages import Passage, passages
from tests.meetings.running import run
from tests.meetings.transcripts import corpus_of, silent

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "qmsum"
FOUND = sorted(FOLDER.glob("*.json"))
pytestmark = pytest.mark.skipif(not FOUND, reason="the QMSum meetings are not at hand")


def load(path: Path) -> dict[str, Any]:
    """A meeting with its references."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def text_of(meeting: dict[str, Any]) -> str:
    """The meeting as “Name: words” lines."""
    return "\n".join(f"{turn['speaker']}: {turn['content']}" for turn in meeting["meeting_transcripts"])


def corpus(meeting: dict[str, Any]) -> Corpus:
    """The meeting as the analysis sees it."""
    return corpus_of(read_text(text_of(meeting)).turns)


def recall(reference: str, text: str) -> float:
    """ROUGE-1 recall (Lin 2004) with the S-stemmer: share of the reference's words that ``text`` has."""
    wanted = Counter(words.stem(word.lower()) for word in words.tokens(reference))
    held = Counter(words.stem(word.lower()) for word in words.tokens(text))
    return (wanted & held).total() / wanted.total()


def reference(meeting: dict[str, Any]) -> str:
    """What a person wrote about the whole meeting."""
    return " ".join(query["answer"] for query in meeting["general_query_list"])


def words_of(chosen: list[Passage]) -> str:
    """The text of passages."""
    return " ".join(line.text for passage in chosen for line in passage.lines)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
async def test_it_brings_every_meeting_through(path: Path) -> None:
    meeting = load(path)
    done = await run(text_of(meeting))
    report = done.report
    labels = [" ".join(turn["speaker"].split()) for turn in meeting["meeting_transcripts"]]
    longer = one_name(labels)
    names = {
        longer.get(label, label)
        for label, turn in zip(labels, meeting["meeting_transcripts"], strict=True)
        if turn["content"].strip()
    }
    assert {turn.speaker for turn in report.turns} == names
    assert report.language.code == "en"
    assert report.quality.parsing == report.quality.coverage == 1.0
    assert report.sampling.whole
    assert done.outputs["sample"]["tokens"] <= 6000
    assert done.outputs["sample"]["coverage"] > 0.45
    assert 5 <= len(report.summary) <= 15
    assert report.topics[0].start_turn == 0
    assert report.topics[-1].end_turn >= len(report.turns) - 5


def test_its_sample_covers_summaries_better_than_the_beginning_or_chance() -> None:
    ours, first, chance = [], [], []
    for path in FOUND:
        meeting = load(path)
        found = corpus(meeting)
        every = passages(found)
        chosen = sampling.sample(found, 3000, "", silent).chosen
        shuffled = random.Random(1).sample(every, len(every))
        ours.append(recall(reference(meeting), words_of(list(chosen))))
        first.append(recall(reference(meeting), words_of(_within(every, 3000))))
        chance.append(recall(reference(meeting), words_of(_within(shuffled, 3000))))
    assert sum(ours) > sum(first) * 1.04
    assert sum(ours) > sum(chance) * 1.01


def test_its_summary_covers_more_than_as_many_first_words() -> None:
    ours, first = [], []
    for path in FOUND:
        meeting = load(path)
        found = corpus(meeting)
        made = " ".join(one.text for one in content(found, "", silent).summary if one.turns)
        said = " ".join(sentence.text for sentence in found.sentences).split()
        ours.append(recall(reference(meeting), made))
        first.append(recall(reference(meeting), " ".join(said[: len(made.split())])))
    assert sum(ours) > sum(first) * 1.2


def _within(every: list[Passage], budget: int) -> list[Passage]:
    kept: list[Passage] = []
    for passage in every:
        if sum(one.tokens for one in kept) + passage.tokens > budget:
            break
        kept.append(passage)
    return kept
