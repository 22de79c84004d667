"""One piece of advice for each side of communication, by how well it went."""

from __future__ import annotations

from shipspeak.meetings.answers import Dimension

GOOD = 75
FAIR = 45

_ADVICE: dict[Dimension, tuple[str, str, str]] = {
    "clarity": (
        "Pause instead of filling the gap, and end the sentence after one thought.",
        "Before a longer point, say its one-sentence version first; the rest gets shorter by itself.",
        "Keep sentences this short and clean, above all when numbers or names are in them.",
    ),
    "structure": (
        "Open with what should be decided and by when, and close by reading out what was agreed.",
        "Say aloud when you move from one item to the next, and sum each one up in a sentence.",
        "Keep naming where you are in the agenda; send it out before, so that all can prepare.",
    ),
    "listening": (
        "Before you answer, say back in a few words what you heard, and ask one question.",
        "Follow an answer with “what makes you say so?” once before you move on.",
        "Keep asking and taking up what others say; name the person whose idea it was.",
    ),
    "confidence": (
        "State what you know without “maybe” and “I think”, and say separately what is uncertain.",
        "Keep the hedge for what is truly open, and say what would settle it.",
        "Keep being this plain; where a doubt matters, name it as a risk.",
    ),
    "concision": (
        "Stop after a minute and ask for a reaction; move background to a document.",
        "Put the conclusion first; give reasons only for what is questioned.",
        "Keep turns this short; where detail is needed, point to where it is written.",
    ),
    "inclusion": (
        "Ask those who have not spoken by name, and start a round where each says one thing.",
        "Invite a view from someone who spoke little before you close an item.",
        "Keep sharing the floor; let someone else run the next meeting.",
    ),
    "tone": (
        "Name what works before what does not, and speak of the matter rather than of persons.",
        "Thank people for what they brought, by name and for something in particular.",
        "Keep the friendly tone, and make sure that bad news still gets said.",
    ),
}

_UNKNOWN: dict[Dimension, str] = {
    "clarity": "Read one of your own longer turns aloud and cut what does not carry it.",
    "structure": "Write down three points before the meeting, and read out what was agreed at its end.",
    "listening": "Say back in your own words what you heard before you answer.",
    "confidence": "Say what you know, and separately what is still open.",
    "concision": "Put the conclusion first.",
    "inclusion": "Record who speaks, so that you can see whether all are heard.",
    "tone": "Thank people for something in particular.",
}


def advice(name: Dimension, score: int | None) -> str:
    """What to do next about one side of communication; general where there is no score."""
    if score is None:
        return _UNKNOWN[name]
    low, middle, high = _ADVICE[name]
    return high if score >= GOOD else middle if score >= FAIR else low
