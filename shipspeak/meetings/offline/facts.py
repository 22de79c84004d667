"""What the communication scores are counted from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shipspeak.meetings import lexicon, words
from shipspeak.meetings.answers import Quote
from shipspeak.meetings.corpus import Corpus, Sentence
from shipspeak.meetings.cues import straight
from shipspeak.meetings.numbers import Numbers, numbers
from shipspeak.meetings.offline.items import quote

SIGNPOST = re.compile(
    r"\b(?:agenda|first(?:ly)? of all|(?:first|next|last)(?: item| thing| point|ly)?,|(?<!per )(?:second"
    r"|third)(?:ly)?,"
    r"|next (?:item|point|topic|up|steps?)|mov(?:e|ing) on|turn to|wrap up|finally,|adjourn|welcome to"
    r"|let's (?:start|begin|get started|turn|go back|wrap|close)|to (?:recap|sum up|summari[sz]e|conclude)"
    r"|in (?:summary|conclusion)|before we (?:close|finish|go|end|move)|close the meeting"
    r"|we (?:have|are going to|will|'ll) (?:talk about|discuss|cover|look at)|any (?:other )?(?:business"
    r"|questions)"
    r"|(?:purpose|goal|aim)s? of (?:this|today|the) |(?:first|next) presentation|that's (?:it"
    r"|all)(?: for)?\b)",
    re.IGNORECASE,
)
ACKNOWLEDGE = re.compile(
    r"\b(?:(?:good|great) (?:point|idea|question)|i agree|agree with|makes sense|exactly|absolutely"
    r"|fair enough"
    r"|as (?:\w+ ){1,3}(?:said|mentioned|pointed out)|you(?:'re| are) right|thank you|thanks|i understand"
    r"|that's (?:right|true|a good|a great|fair)|i see what you|so you(?:'re| are) saying|so what you"
    r"|you mean"
    r"|if i understand|(?:to build|building) on|i hear)\b",
    re.IGNORECASE,
)
INVITE = re.compile(
    r"\b(?:what do you (?:\w+ )?think|what does everyone|(?:what|how) about you"
    r"|(?:does|has|is|can|would) any(?:one|body)|any(?:one|body) (?:else|wants?|have|got|disagrees?)"
    r"|do you (?:all )?agree"
    r"|any (?:\w+ )?(?:thoughts|questions|comments|ideas|suggestions|objections|feedback|input)|go ahead"
    r"|over to"
    r"|(?:does|is) everyone|everybody (?:ok|okay|agree|happy)|would you like to|let's hear"
    r"|do you want to (?:add|say|start|comment)|your (?:opinion|view|thoughts))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Sentences, their number of words, and what is counted in them."""

    corpus: Corpus
    numbers: Numbers
    words: int
    fillers: int
    hedges: int

    @classmethod
    def of(cls, corpus: Corpus) -> Facts:
        """The facts of a meeting."""
        said = [straight(words.spoken(turn.text)) for turn in corpus.turns]
        return cls(
            corpus=corpus,
            numbers=numbers(corpus.turns, corpus.language),
            words=sum(sentence.words for sentence in corpus.sentences),
            fillers=sum(lexicon.fillers(text).total() for text in said),
            hedges=sum(lexicon.hedges(text).total() for text in said),
        )

    @property
    def mean_sentence(self) -> float:
        """Words of a sentence, those of one or two words (“Mm-hmm.”) left out."""
        sizes = [sentence.words for sentence in self.corpus.sentences if sentence.words > 2]
        return sum(sizes) / len(sizes) if sizes else 0.0

    def matching(self, pattern: re.Pattern[str]) -> list[Sentence]:
        """Sentences in which ``pattern`` is found, in order."""
        return [one for one in self.corpus.sentences if pattern.search(straight(words.readable(one.text)))]

    def most(self, worth: Callable[[Sentence], float], count: int = 2) -> list[Quote]:
        """Quotes of the sentences with the highest ``worth`` above zero, in the order of the meeting."""
        scored = [(worth(one), one) for one in self.corpus.sentences if 5 <= one.words <= 45]
        best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])[:count]
        return quotes([one for _, one in best])


def quotes(sentences: Sequence[Sentence]) -> list[Quote]:
    """The sentences as evidence, in the order of the meeting."""
    return [quote(one) for one in sorted(sentences, key=lambda one: (one.turn, one.start))]


def spread(sentences: Sequence[Sentence], count: int) -> list[Sentence]:
    """At most ``count`` of the sentences that say more than a word or two: first, last, some between."""
    telling = [one for one in sentences if one.words >= 5] or list(sentences)
    if len(telling) <= count:
        return telling
    step = (len(telling) - 1) / max(1, count - 1)
    return [telling[round(place * step)] for place in range(count)]
