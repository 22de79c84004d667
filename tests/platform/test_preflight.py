"""What `up` makes sure of before it starts anything."""

from __future__ import annotations

import pytest
from django.db import InterfaceError, OperationalError, connection

from shipspeak.supervisor import preflight
from shipspeak.supervisor.preflight import CannotStart

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_connection_that_breaks_off_is_made_anew(error: type[Exception]) -> None:
    tries: list[object] = []

    def work() -> None:
        tries.append(connection.connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if len(tries) == 1:
            raise error("server closed the connection unexpectedly")

    preflight.despite_a_break(work)
    assert len(tries) == 2


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_it_says_why_it_can_not_start_when_the_database_stays_away(error: type[Exception]) -> None:
    def work() -> None:
        raise error("connection refused\nIs the server running?")

    with pytest.raises(
        CannotStart, match=r"^The database can't be used: connection refused\. Check DATABASE"
    ):
        preflight.despite_a_break(work)
