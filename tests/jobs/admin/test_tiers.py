from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import KindPolicy, Share, Tier
from shipspeak.accounts.models import User


@pytest.fixture
def admin(olivia: User) -> Client:
    client = Client()
    client.force_login(olivia)
    return client


def address(name: str, page: str, *arguments: object) -> str:
    return reverse(f"admin:jobs_{name}_{page}", args=arguments)


def text(client: Client, where: str) -> str:
    answer = client.get(where)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_makes_a_tier_and_explains_each_limit(admin: Client) -> None:
    page = text(admin, address("tier", "add"))
    for sentence in ("With 2 it is twice", "no limit but the free slots.", "QUEUE_MAX_PER_USER"):
        assert sentence in page
    admin.post(address("tier", "add"), {"name": "Team", "weight": "2", "max_running": "", "max_queued": "5"})
    tier = Tier.objects.get()
    assert (tier.weight, tier.max_running, tier.max_queued, tier.budget_usd_per_day) == (2.0, None, 5, None)
    assert "Team" in text(admin, address("tier", "changelist"))


@pytest.mark.parametrize("weight", ["0", "-1", "1001", "much"])
def test_it_refuses_a_weight_that_makes_no_sense(weight: str, admin: Client) -> None:
    answer = admin.post(address("tier", "add"), {"name": "Odd", "weight": weight})
    assert answer.status_code == 200
    assert not Tier.objects.exists()


def test_it_gives_a_person_a_tier_and_leaves_the_engines_figure(admin: Client, alice: User) -> None:
    tier = Tier.objects.create(name="Team", weight=2)
    admin.post(address("share", "add"), {"user": alice.pk, "tier": tier.pk})
    share = Share.objects.get()
    assert (share.user, share.tier, share.finish_tag) == (alice, tier, 0.0)
    Share.objects.update(finish_tag=7.0)
    admin.post(address("share", "change", alice.pk), {"tier": "", "finish_tag": "0"})
    share.refresh_from_db()
    assert (share.tier, share.finish_tag) == (None, 7.0)


def test_it_finds_a_person_by_name(admin: Client, alice: User, charlie: User) -> None:
    Share.objects.create(user=alice)
    Share.objects.create(user=charlie)
    found = text(admin, address("share", "changelist") + "?q=ali")
    assert "alice" in found
    assert "charlie" not in found
    assert "1 (no tier)" in found


def test_it_limits_a_kind_and_the_whole_queue(admin: Client) -> None:
    assert "The whole queue" in text(admin, address("kindpolicy", "add"))
    admin.post(address("kindpolicy", "add"), {"kind": "test.noop", "max_running": "3"})
    admin.post(address("kindpolicy", "add"), {"kind": "", "max_running": "9"})
    assert dict(KindPolicy.objects.values_list("kind", "max_running")) == {"test.noop": 3, "": 9}
    policy = KindPolicy.objects.get(kind="test.noop")
    admin.post(address("kindpolicy", "change", policy.pk), {"max_running": "0"})
    policy.refresh_from_db()
    assert (policy.kind, policy.max_running) == ("test.noop", 0)
