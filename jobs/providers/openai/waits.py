"""How long a service asks us to wait, from the headers of its answer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from jobs.providers.contract import Allowance, Told

LONGEST = 86_400.0
"""Seconds; whoever asks for more than a day is believed to mean a day."""
UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6}
PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|d|h|m|s)")
DURATION = re.compile(rf"(?:{PART.pattern})+")
LIMITS = ("requests", "tokens")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait at least, 0 to a day; None when the service does not say.

    ``Retry-After`` (RFC 9110, section 10.2.3: seconds or a date) and OpenAI's ``retry-after-ms`` come
    first, then ``x-ratelimit-reset-*`` of the limit that is used up.
    """
    given = headers.get("retry-after", "")
    answers = (_milliseconds(headers), _number(given), _until(given), _reset(headers))
    told = next((seconds for seconds in answers if seconds is not None), None)
    return None if told is None else min(max(told, 0.0), LONGEST)


def told(headers: Mapping[str, str]) -> Told:
    """The limits that the service says it keeps, from OpenAI's ``x-ratelimit-*`` headers."""
    return Told(requests=_allowance(headers, "requests"), tokens=_allowance(headers, "tokens"))


def duration(text: str) -> float | None:
    """Seconds in ``text``, such as ``6m0s``, ``20ms`` or ``1.5``; None when it is no duration."""
    if DURATION.fullmatch(text):
        return sum(float(number) * UNITS[unit] for number, unit in PART.findall(text))
    return _number(text)


def _reset(headers: Mapping[str, str]) -> float | None:
    resets = {name: duration(headers.get(f"x-ratelimit-reset-{name}", "")) for name in LIMITS}
    known = {name: seconds for name, seconds in resets.items() if seconds is not None}
    used_up = [known[name] for name in known if headers.get(f"x-ratelimit-remaining-{name}") == "0"]
    return max(used_up) if used_up else min(known.values(), default=None)


def _allowance(headers: Mapping[str, str], name: str) -> Allowance:
    return Allowance(
        _whole(headers.get(f"x-ratelimit-limit-{name}", "")),
        _whole(headers.get(f"x-ratelimit-remaining-{name}", "")),
        duration(headers.get(f"x-ratelimit-reset-{name}", "")),
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 9 else None


def _milliseconds(headers: Mapping[str, str]) -> float | None:
    number = _number(headers.get("retry-after-ms", ""))
    return None if number is None else number / 1000


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
