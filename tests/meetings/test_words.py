"""Words, sentences and languages."""

from __future__ import annotations

import pytest

from shipspeak.meetings import languages, words
from shipspeak.meetings.sentences import Splitter


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It's an e-mail, isn't it?", ["It's", "an", "e-mail", "isn't", "it"]),
        ("it 's {disfmarker} fine [laughter]", ["it's", "fine"]),
        ("costs 3.50 or 1,000", ["costs", "3.50", "or", "1,000"]),
        ("你好。", ["你", "好"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("(laughs) ... --", []),
    ],
)
def test_it_counts_words_and_no_annotations(text: str, found: list[str]) -> None:
    assert words.tokens(text) == found
    assert words.count(text) == len(found)
    assert words.has_speech(text) == bool(found)


def test_it_keeps_content_terms_only() -> None:
    stop = languages.stop_words("en")
    assert words.terms("So I think the batteries and the buttons, um, cost 12 euros", stop) == [
        "battery",
        "button",
        "cost",
        "euro",
    ]
    assert words.terms("开会时间", frozenset()) == ["开会", "会时", "时间"]


def test_it_makes_speech_readable() -> None:
    assert words.readable("Well , it 's {gap} done .") == "Well, it's done."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Good morning everybody, let us begin with the budget for next year", "en"),
        ("Guten Morgen zusammen, wir fangen mit dem Haushalt für nächstes Jahr an", "de"),
        ("Bonjour à tous, nous commençons par le budget de l'année prochaine", "fr"),
        ("こんにちは、会議を始めましょう。予算について話します", "ja"),
        ("Hi", languages.UNKNOWN),
        ("", languages.UNKNOWN),
    ],
)
def test_it_tells_languages(text: str, code: str) -> None:
    assert languages.detect([text]).code == code


def test_it_tells_hesitant_english_from_other_languages() -> None:
    mumbled = [
        "Um, uh, mm-hmm.",
        "Yeah, uh, no no no, o- okay.",
        "So uh I I mean we we could uh start now",
        "Oh.",
    ]
    assert languages.detect(mumbled * 20).code == "en"


def test_it_has_no_stop_words_for_what_is_no_language() -> None:
    assert languages.stop_words("../../etc/passwd") == frozenset()
    assert languages.stop_words("xx") == frozenset()
    assert "und" in languages.stop_words("de")


def test_it_cuts_sentences_at_exact_places() -> None:
    text = "  Dr. Lee said 3.5 is fine.  Is it? Yes!  It is"
    cut = [text[start:end] for start, end in Splitter("en").spans(text)]
    assert cut == ["Dr. Lee said 3.5 is fine.", "Is it?", "Yes!", "It is"]


def test_it_cuts_long_speech_without_full_stops() -> None:
    text = "and then we " * 1000
    spans = Splitter("en").spans(text)
    assert max(end - start for start, end in spans) <= 320
    assert "".join(text[start:end] for start, end in spans).replace(" ", "") == text.replace(" ", "")


def test_it_cuts_languages_that_the_rules_do_not_know() -> None:
    assert len(Splitter("xx").spans("Uno. Dos! Tres?")) == 3
    assert len(Splitter("ja").spans("始めます。予算です。")) == 2
