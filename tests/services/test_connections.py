"""How many connections a web process takes from PostgreSQL."""

from __future__ import annotations

import urllib.request
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.processes import manage, until, up
from tests.services.postgresql import PostgreSQL

CLIENTS, REQUESTS = 20, 200
ISSUE = "from tests.jobs.engine import person; from shipspeak.accounts import api_keys; "
ISSUE += "print(api_keys.issue(person())[1])"


def test_it_gives_back_the_connection_of_every_request(postgres: PostgreSQL) -> None:
    url = postgres.create("connections")
    with up("--no-workers", DATABASE_URL=url) as site, psycopg.connect(postgres.url()) as watching:
        watching.autocommit = True

        def connections() -> int:
            counted = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'connections'"
            return int(watching.execute(counted).fetchone()[0])

        def ask(_: int) -> int:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)

        issued = manage("shell", "-v", "0", "-c", ISSUE, data_dir=site.data_dir, DATABASE_URL=url)
        headers = {"Authorization": f"Bearer {issued.stdout.strip()}"}
        request = urllib.request.Request(f"{site.address}/api/v1/jobs/", headers=headers)
        with ThreadPoolExecutor(CLIENTS) as clients:
            assert set(clients.map(ask, range(REQUESTS))) == {200}
        until(lambda: connections() <= 3, "the connections are given back", 10, lambda: str(connections()))
