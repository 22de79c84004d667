"""The command ``python -m tests.chaos``; its status is 0 when all that must hold does."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from tests.chaos import installation
from tests.chaos.mischief import Mischief
from tests.fake_openai.server import in_thread
from tests.services import private

MISSING = 3
"""The status when the machine has no PostgreSQL or Redis."""


def main() -> int:
    """Runs it; the status."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000, help="how many jobs are submitted")
    parser.add_argument("--seed", type=int, default=7, help="of all chances")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--pause", type=float, default=3.0, help="seconds between two kills, on average")
    parser.add_argument("--rounds", type=int, default=1000, help="how often each thing is killed at most")
    parser.add_argument("--keep", type=Path, help="a new folder, in which logs and data stay afterwards")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and not without ending what was started
    service = Mischief(asked.seed)
    try:
        with (
            _folder(asked.keep) as folder,
            in_thread(service) as url,
            installation.running(asked.database, folder, {"OPENAI_BASE_URL": url}) as running,
        ):
            return _run(asked, running, service, folder / "runner")
    except private.Missing as missing:
        print(f"!!! SKIPPED: the chaos run on {asked.database}, because {missing} !!!", file=sys.stderr)
        return MISSING


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """The folder of a run: one that is kept, or else one that is gone afterwards."""
    if kept:
        kept.mkdir(parents=True)
        yield kept.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="shipspeak-chaos-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _run(
    asked: argparse.Namespace, running: installation.Installation, service: Mischief, data_dir: Path
) -> int:
    """Becomes one more process of the installation, which only looks at the database."""
    os.environ |= {"DATABASE_URL": running.store.url, "DATA_DIR": str(data_dir)}
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.chaos.settings"
    data_dir.mkdir()
    django.setup()

    from tests.chaos.run import Plan, run

    verdict = run(Plan(asked.jobs, asked.seed, asked.pause, asked.rounds), running, service)
    print(f"Chaos: {asked.jobs} jobs, seed {asked.seed}, {asked.database}")
    print("\n".join(verdict.lines))
    print("All that must hold does." if not verdict.wrong else f"{len(verdict.wrong)} things are WRONG.")
    if verdict.wrong:
        print(running.said()[-20_000:], file=sys.stderr)
    return int(bool(verdict.wrong))


if __name__ == "__main__":
    sys.exit(main())
