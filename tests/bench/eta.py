"""How near the foretold completion comes to the real one, on made-up days of mixed load: ``bench eta``.

It needs no database and no time of the clock: `tests.bench.day` plays days through the real ranking,
predictions and forecast functions. The peer is who believes each kind's own estimate and divides what is
ahead by the slots, on the same jobs. Seeds below 200 were looked at while the forecast was made; these not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()  # for the engine's modules; nothing is read of a database

from tests.bench.day import KINDS, Day, Guess  # noqa: E402
from tests.bench.table import Row  # noqa: E402

SEEDS = (201, 202, 203)
LOADS = {0.3: "quiet", 0.4: "usual", 0.5: "crowded"}
ASKED_ABOUT_ONE_IN = 5
PEER = "estimate and ahead / slots"
MOST_PERCENT = 25.0


def rows() -> list[Row]:
    """Median error of completion in percent and coverage of the 90 % quantile, by load and by kind."""
    found: list[Row] = []
    all_guesses: list[Guess] = []
    for load, name in LOADS.items():
        guesses: list[Guess] = []
        for seed in SEEDS:
            day = Day(seed, load=load, one_in=ASKED_ABOUT_ONE_IN).run()
            found.append(_error(f"{name} day, seed {seed}: at submit", _at(day, "submit")))
            guesses += day
        found += _rows_of(f"{name} days", guesses)
        all_guesses += guesses
    for kind in KINDS:
        found += _rows_of(f"{kind} jobs", [one for one in all_guesses if one.job.kind == kind])
    return found + _rows_of("all", all_guesses)


def _rows_of(name: str, guesses: Sequence[Guess]) -> list[Row]:
    submit, midway = _at(guesses, "submit"), _at(guesses, "midway")
    return [
        _error(f"{name}: at submit", submit),
        _error(f"{name}: midway, of what is left", midway),
        Row(
            f"{name}: midway, of the whole time",
            "% (median)",
            _median(midway, lambda one: one.error_of_whole),
            "",
            None,
            MOST_PERCENT,
        ),
        Row(f"{name}: within p90 at submit", "% of jobs", _covered(submit), "", None, 90.0),
        Row(f"{name}: within p90 midway", "% of jobs", _covered(midway), "", None, 90.0),
    ]


def _error(name: str, guesses: Sequence[Guess]) -> Row:
    ours = _median(guesses, lambda one: one.error)
    theirs = _median(guesses, lambda one: one.naive_error)
    return Row(f"{name} ({len(guesses)} jobs)", "% (median)", ours, PEER, theirs, MOST_PERCENT)


def _at(guesses: Sequence[Guess], when: str) -> list[Guess]:
    return [one for one in guesses if one.when == when]


def _median(guesses: Sequence[Guess], of: Callable[[Guess], float]) -> float:
    return 100 * median(of(one) for one in guesses)


def _covered(guesses: Sequence[Guess]) -> float:
    return 100 * sum(one.is_within_p90 for one in guesses) / len(guesses)
