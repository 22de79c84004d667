"""The chaos run in its short form: 150 jobs, and everything is killed once."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.chaos.__main__ import MISSING
from tests.processes import ROOT

SHORT = ("--jobs", "150", "--seed", "7", "--rounds", "1", "--pause", "1.5")
SECONDS = 400.0
"""More than the run gives itself."""


@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize(
    "database",
    [
        pytest.param("sqlite", marks=pytest.mark.processes),
        pytest.param("postgres", marks=pytest.mark.services),
    ],
)
def test_it_loses_nothing_and_pays_nothing_twice_whatever_is_killed(database: str) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--database", database, *SHORT]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            report, told = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            report, told = process.communicate(timeout=60)
    if process.returncode == MISSING:
        pytest.skip(told)
    assert process.returncode == 0, f"{report}\n{told}"
