"""What the end of a call leaves behind, when it comes late, twice, or while its job is being deleted."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from jobs import breaker, gate, tallies
from jobs.gate import Ended
from jobs.models import Door, Job, ProviderCall
from jobs.providers.contract import Allowance, Told
from tests.jobs.test_gate import answer, door, running_step, wanted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_budgets(settings):
    settings.BUDGET_USD_PER_USER_PER_DAY = settings.BUDGET_USD_PER_DAY = None


def counted(metric: str) -> dict[str, float]:
    """What the metric says now, by its last label."""
    return {key.labels[-1]: value for key, value in tallies.count().items() if key.metric == metric and value}


def fold(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tallies, "SETTLED", timedelta(0))
        tallies.fold()


@pytest.mark.parametrize("is_folded", [True, False])
def test_a_call_that_was_taken_for_lost_and_is_answered_after_all_is_one_request(monkeypatch, is_folded):
    step = running_step()
    [call] = gate.enter([wanted(step)])
    gate.lose([step.pk])
    if is_folded:
        fold(monkeypatch)
    assert counted(tallies.REQUESTS) == {"lost": 1}
    gate.leave([Ended(call, answer())])
    assert counted(tallies.REQUESTS) == {"lost": 1}
    assert counted(tallies.TOKENS) == {"in": 10, "out": 20}
    assert counted(tallies.COST) == {"m": 0.004}
    fold(monkeypatch)
    assert counted(tallies.REQUESTS) == {"lost": 1}
    assert counted(tallies.TOKENS) == {"in": 10, "out": 20}


def test_an_end_that_is_stored_again_is_counted_once(monkeypatch):
    [call] = gate.enter([wanted()])
    gate.leave([Ended(call, answer())])
    fold(monkeypatch)
    gate.leave([Ended(call, answer())])
    assert counted(tallies.REQUESTS) == {"succeeded": 1}
    assert counted(tallies.TOKENS) == {"in": 10, "out": 20}


def test_a_limit_is_learned_later_if_the_database_failed_when_it_was_first_heard(monkeypatch):
    monkeypatch.setattr(gate, "_heard", {})
    told = Told(requests=Allowance(limit=7, left=3))
    [call] = gate.enter([wanted()])

    def fail(*_: object) -> None:
        raise OperationalError("the connection is gone")

    with monkeypatch.context() as patch:
        patch.setattr(gate, "_part_from_deleted", fail)
        with pytest.raises(OperationalError):
            gate.leave([Ended(call, answer(told=told))])
    assert Door.objects.get().learned_requests_per_minute is None
    gate.leave([Ended(call, answer(told=told))])
    assert Door.objects.get().learned_requests_per_minute == 7


def test_only_the_end_of_the_probe_lets_another_probe_go():
    step = running_step()
    [earlier] = gate.enter([wanted(step)])
    Door.objects.update(
        closed_until=timezone.now() - timedelta(seconds=1), closed_for="provider_unavailable", closings=1
    )
    [probe] = gate.enter([wanted(step)])
    gate.leave([Ended(earlier)])
    assert breaker.wait(Door.objects.get(), timezone.now()) > 0, "the probe is under way"
    gate.leave([Ended(probe)])
    assert breaker.wait(Door.objects.get(), timezone.now()) == 0


def test_the_answer_to_a_job_that_was_deleted_is_not_kept_but_what_it_cost_is():
    door()
    step = running_step()
    [call] = gate.enter([wanted(step)])
    Job.objects.filter(pk=step.job_id).delete()
    gate.leave([Ended(call, answer())])
    stored = ProviderCall.objects.get()
    assert (stored.step, stored.answer, stored.cost_usd) == (None, None, Decimal("0.004"))


@pytest.mark.parametrize("entrance", ["enter", "leave"])
def test_a_job_that_is_deleted_in_the_middle_of_it_takes_nobody_elses_call_along(monkeypatch, entrance):
    """The deletion comes between the look at the steps and the end of the transaction."""
    deleted, other = running_step("alice"), running_step("bob")
    [paid] = gate.enter([wanted(other)])
    local = ProviderCall(
        step=deleted, attempt=1, owner_id=deleted.owner_id, task="t", fingerprint="x", provider="local"
    )
    look, deleting = gate.kept, []

    def delete() -> None:
        try:
            Job.objects.filter(pk=deleted.job_id).delete()
        except IntegrityError:
            pass  # it found a call more at its end than at its beginning, and is to be tried again
        finally:
            connection.close()

    def look_and_be_overtaken(rows):
        found = look(rows)
        if not deleting:
            deleting.append(threading.Thread(target=delete))
            deleting[0].start()
            deleting[0].join(0.5)
        return found

    monkeypatch.setattr(gate, "kept", look_and_be_overtaken)
    if entrance == "enter":
        assert isinstance(gate.enter([wanted(deleted), wanted(other)])[1], ProviderCall)
    else:
        gate.leave([Ended(paid, answer()), Ended(local, answer())])
        assert ProviderCall.objects.get(pk=paid.pk).answer
    deleting[0].join()
