"""What can be refused before a job is made, with a sentence that says what is wrong and what is accepted."""

from __future__ import annotations

from pathlib import Path

from jobs.errors import SubmitError
from shipspeak.meetings import words
from shipspeak.meetings.parsing import ACCEPTED, Transcript, Unreadable, read_text
from shipspeak.meetings.parsing.decoding import decode, parts
from shipspeak.meetings.parsing.sniff import HEAD
from shipspeak.meetings.parsing.sniff import sniff as sniff_bytes
from shipspeak.meetings.schemas import MeetingInput

MOST_WORDS = 300_000
"""Words of a meeting; about thirty hours of speech."""
MOST_CHARACTERS = 10 * MOST_WORDS
"""Characters of what is said; words are shorter than ten in every language that has them."""
MOST_TURNS = 30_000
MOST_SPEAKERS = 1_000
EMPTY = f"The file is empty. {ACCEPTED}"
NO_SPEECH = f"There is not one spoken word in this transcript. {ACCEPTED}"
NOTHING_GIVEN = f"Upload a transcript or paste it as text. {ACCEPTED}"
BOTH_GIVEN = "Upload a file or paste text, not both: it would be unclear which one to analyse."
LOOKED_AT = 8 * HEAD
"""Characters that are parsed before a job is made, at most; a second's work at worst."""
_PIECES_A_WORD = 3
"""Times, numbers and labels that a caption file may have for each spoken word."""


def sniff(data: bytes, filename: str) -> str | None:
    """The media type of an upload by its content; what it is called does not matter."""
    del filename
    return sniff_bytes(data)


def check_upload(path: Path, filename: str) -> None:
    """Raises `SubmitError` for a file that can't be analysed.

    Args:
        path: where the file is.
        filename: what its owner calls it; not trusted.
    """
    del filename
    data = path.read_bytes()
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise _refused(EMPTY, "upload")
    try:
        found = _enough(data)
    except Unreadable as error:
        raise _refused(str(error), "upload") from None
    if found:
        raise _refused(found, "upload")


def check_input(given: MeetingInput, has_upload: bool) -> None:
    """Raises `SubmitError` unless there is either a file or a pasted text with speech in it."""
    pasted = bool(given.text.strip())
    if pasted == has_upload:
        raise _refused(BOTH_GIVEN if pasted else NOTHING_GIVEN, "input.text")
    if not pasted:
        return
    try:
        found = _enough(given.text.encode("utf-8", "replace"))
    except Unreadable as error:
        raise _refused(str(error), "input.text") from None
    if found:
        raise _refused(found, "input.text")


def fault(transcript: Transcript) -> str:
    """Why a transcript can't be analysed; "" when it can."""
    if not any(words.has_speech(turn.text) for turn in transcript.turns):
        return NO_SPEECH
    if len(transcript.turns) > MOST_TURNS:
        return _too_long(f"{len(transcript.turns):,} turns", f"{MOST_TURNS:,} turns")
    speakers = len({turn.speaker for turn in transcript.turns})
    if speakers > MOST_SPEAKERS:
        return (
            f"This transcript has {speakers:,} speakers; at most {MOST_SPEAKERS:,} can be told apart. Look "
            "whether something else than names stands before the colons."
        )
    characters = sum(len(turn.text) for turn in transcript.turns)
    if characters > MOST_CHARACTERS:
        return _too_long(f"{characters:,} characters")
    size = sum(words.count(turn.text) for turn in transcript.turns)
    return _too_long(f"{size:,} words") if size > MOST_WORDS else ""


def _enough(data: bytes) -> str:
    """What is wrong with a transcript, as far as it can be told quickly; "" when nothing is.

    A request waits for this, so only the beginning of a long file is parsed, and a little more of it when
    nobody speaks there. What slips through, the parsing step refuses in the same words.
    """
    text = decode(data)
    for size in (HEAD, LOOKED_AT):
        found = fault(read_text(_beginning(text, size)))
        if not found or len(text) <= size:
            break
    if len(text) > LOOKED_AT and (pieces := _pieces(text)) > _PIECES_A_WORD * MOST_WORDS:
        return _too_long(f"about {pieces // _PIECES_A_WORD:,} words")
    return found if len(text) <= LOOKED_AT else ""


def _pieces(text: str) -> int:
    """About how many words, numbers and the like are in ``text``: a few are cut and counted twice."""
    return sum(len(part.split()) for part in parts(text))


def _beginning(text: str, size: int) -> str:
    """The first ``size`` characters, without a line that would be cut."""
    return text if len(text) <= size else text[:size].rpartition("\n")[0] or text[:size]


def _too_long(size: str, most: str = f"{MOST_WORDS:,} words, some thirty hours,") -> str:
    return (
        f"This transcript has {size}; at most {most} can be analysed at once. Split it and submit the parts."
    )


def _refused(message: str, path: str) -> SubmitError:
    return SubmitError(message, errors=[{"path": path, "message": message}])
