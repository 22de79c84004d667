"""Runs the tests of the browser client that need no browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from jobs.states import TERMINAL, Status

HERE = Path(__file__).parent
STATIC = HERE.parent.parent / "static" / "js"
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(NODE is None, reason="there is no node on this machine")


def run(*arguments: str) -> str:
    """What node prints; fails with it when node does."""
    done = subprocess.run([NODE or "node", *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_node
def test_it_passes_the_tests_of_models_and_delivery() -> None:
    files = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    report = run("--test", *files)
    assert "# fail 0" in report
    assert "# pass 0" not in report


@needs_node
def test_it_knows_the_statuses_that_the_engine_knows() -> None:
    script = (
        f"import {{ LABELS, TERMINAL }} from {str(STATIC / 'models' / 'status.js')!r};"
        "console.log(JSON.stringify([LABELS, TERMINAL]));"
    )
    assert run("--input-type=module", "--eval", script).strip() == expected_statuses()


def expected_statuses() -> str:
    """The two tables of `models/status.js`, as the engine has them."""
    labels = {str(status.value): str(status.label) for status in Status}
    terminal = [status.value for status in Status if status in TERMINAL]
    return json.dumps([labels, terminal], separators=(",", ":"))
