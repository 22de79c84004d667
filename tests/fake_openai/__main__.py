"""Runs the server until it is told to stop; its base URL is the first line that it prints."""

from __future__ import annotations

import argparse
import sys

from tests.fake_openai.app import FakeOpenAI
from tests.fake_openai.server import listening, server, url_of


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="tests.fake_openai", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    with listening(parser.parse_args().port) as listener:
        sys.stdout.write(f"{url_of(listener)}\n")
        sys.stdout.flush()
        server(FakeOpenAI()).run([listener])


main()
