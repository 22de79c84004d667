"""Runs a command beside a private PostgreSQL: ``python -m tests.services COMMAND [argument …]``.

The command finds it in `DATABASE_URL`. Where the machine has no PostgreSQL, says so and runs nothing; with
``SHIPSPEAK_TESTS_REQUIRE=all`` that is an error.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.services import postgresql, private


def main(command: list[str]) -> int:
    """Runs ``command``; its exit status."""
    try:
        with postgresql.running() as server:
            environment = {**os.environ, "DATABASE_URL": server.create("shipspeak")}
            status = subprocess.run(command, env=environment, check=False).returncode
            told = server.deadlocks()
    except private.Missing as missing:
        print(f"!!! SKIPPED: the tests on PostgreSQL, because {missing} !!!", file=sys.stderr)
        return int(os.environ.get("SHIPSPEAK_TESTS_REQUIRE") == "all")
    for line in told:
        print(line, file=sys.stderr)
    return status or int(bool(told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
