"""One piece of advice for each side of communication that has something to improve."""

from __future__ import annotations

from shipspeak.meetings.answers import Dimension

GOOD = 75
"""From this score on there is nothing to advise."""
FAIR = 45

_ADVICE: dict[Dimension, tuple[str, str]] = {
    "clarity": (
        "Pause instead of filling the gap, and end the sentence after one thought.",
        "Before a longer point, say its one-sentence version first; the rest gets shorter by itself.",
    ),
    "structure": (
        "Open with what should be decided and by when, and close by reading out what was agreed.",
        "Say aloud when you move from one item to the next, and sum each one up in a sentence.",
    ),
    "listening": (
        "Before you answer, say back in a few words what you heard, and ask one question.",
        "Follow an answer with “what makes you say so?” once before you move on.",
    ),
    "confidence": (
        "State what you know without “maybe” and “I think”, and say separately what is uncertain.",
        "Keep the hedge for what is truly open, and say what would settle it.",
    ),
    "concision": (
        "Stop after a minute and ask for a reaction; move background to a document.",
        "Put the conclusion first; give reasons only for what is questioned.",
    ),
    "inclusion": (
        "Ask those who have not spoken by name, and start a round where each says one thing.",
        "Invite a view from someone who spoke little before you close an item.",
    ),
    "tone": (
        "Name what works before what does not, and speak of the matter rather than of persons.",
        "Thank people for what they brought, by name and for something in particular.",
    ),
}


def advice(name: Dimension, score: int | None) -> str:
    """What to do next about one side of communication; "" where it went well or has no score."""
    if score is None or score >= GOOD:
        return ""
    low, middle = _ADVICE[name]
    return middle if score >= FAIR else low
