from __future__ import annotations

import pytest
from django_q.models import OrmQ

from jobs import slots, tokens
from jobs.models import Worker
from jobs.worker import drain

pytestmark = pytest.mark.django_db


def waiting() -> list[tuple[str, int]]:
    return [one.task["args"] for one in OrmQ.objects.order_by("id")]


def test_it_passes_on_a_token_that_is_meant_for_another_host():
    drain("elsewhere", 3)
    assert waiting() == [("elsewhere", 2)]
    assert not Worker.objects.exists()


@pytest.mark.parametrize(("host", "hops"), [("elsewhere", 0), ("", 5)])
def test_it_takes_a_token_that_is_for_anybody_or_has_gone_round_enough(settings, host, hops):
    settings.WORKER_POOL_SIZE = 2
    with slots.free_slot():
        drain(host, hops)
    assert waiting() == []


def test_it_wants_a_drain_of_its_own_host():
    tokens.send()
    assert waiting() == [(slots.host(), tokens.HOPS)]
