from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, RequestContext, Template
from django.test import Client, RequestFactory

from notifications import context, feed
from notifications.models import Choice
from shipspeak.accounts.models import User
from tests.notifications.things import tell

BrowserOf = Callable[[User], Client]


def test_it_shows_ones_own_notifications(alice: User, charlie: User, browser_of: BrowserOf) -> None:
    tell(alice, subject="Standup <b>is</b> ready", body="Two decisions.", link="/jobs/7/")
    page = browser_of(alice).get("/notifications/").content.decode()
    assert "Standup &lt;b&gt;is&lt;/b&gt; ready" in page
    assert 'href="/jobs/7/"' in page
    assert "1 unread" in page
    assert "Standup" not in browser_of(charlie).get("/notifications/").content.decode()


def test_it_needs_few_queries(alice: User, browser_of: BrowserOf, django_assert_max_num_queries) -> None:
    for _ in range(40):
        tell(alice)
    browser = browser_of(alice)
    with django_assert_max_num_queries(12):
        assert 'rel="prev"' in browser.get("/notifications/?page=2").content.decode()
    with django_assert_max_num_queries(6):
        assert browser.get("/notifications/bell/").content.count(b"<article") == feed.LATEST


def test_it_gives_the_bell_a_fragment_that_is_never_stored(alice: User, browser_of: BrowserOf) -> None:
    tell(alice)
    answer = browser_of(alice).get("/notifications/bell/")
    assert b'data-unread="1"' in answer.content
    assert b"<html" not in answer.content
    assert "no-store" in answer["Cache-Control"]


def test_it_marks_one_as_read_and_opens_it_if_asked(alice: User, browser_of: BrowserOf) -> None:
    first, second = tell(alice, link="/jobs/7/"), tell(alice)
    browser = browser_of(alice)
    assert browser.post(f"/notifications/{first.pk}/read/", {"open": "1"})["Location"] == "/jobs/7/"
    assert browser.post(f"/notifications/{second.pk}/read/")["Location"] == "/notifications/"
    assert feed.unread(alice.pk) == 0


def test_it_marks_all_as_read(alice: User, browser_of: BrowserOf) -> None:
    tell(alice)
    assert browser_of(alice).post("/notifications/read-all/")["Location"] == "/notifications/"
    assert feed.unread(alice.pk) == 0


def test_it_hides_what_is_anothers(alice: User, charlie: User, browser_of: BrowserOf) -> None:
    notification = tell(alice)
    assert browser_of(charlie).post(f"/notifications/{notification.pk}/read/").status_code == 404
    assert feed.unread(alice.pk) == 1


@pytest.mark.parametrize("path", ["", "bell/", "preferences/"])
def test_it_sends_strangers_to_sign_in(db: None, path: str) -> None:
    answer = Client().get(f"/notifications/{path}")
    assert answer.status_code == 302
    assert "/sign-in/" in answer["Location"]


@pytest.mark.parametrize("path", ["1/read/", "read-all/"])
def test_it_changes_nothing_on_a_get_or_from_another_site(alice: User, path: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.get(f"/notifications/{path}").status_code == 405
    assert browser.post(f"/notifications/{path}").status_code == 403


def test_it_keeps_the_choices_of_the_form(alice: User, browser_of: BrowserOf) -> None:
    browser = browser_of(alice)
    browser.post("/notifications/preferences/", {"job.completed": ["in_app", "email"]})
    assert list(Choice.objects.values_list("event", "transport", "on")) == [("job.failed", "email", False)]
    page = browser.get("/notifications/preferences/").content.decode()
    assert "Your choices are saved." in page
    assert page.count(" checked") == 3


def test_it_counts_for_templates_once_and_only_when_shown(alice: User, django_assert_num_queries) -> None:
    tell(alice)
    request = RequestFactory().get("/")
    request.user = alice
    with django_assert_num_queries(0):
        given = context.unread(request)
        Template("Hello").render(RequestContext(request, given))
    with django_assert_num_queries(1):
        text = "{{ unread_notifications }}{% if unread_notifications > 0 %}!{% endif %}"
        assert Template(text).render(Context(given)) == "1!"


def test_it_counts_nothing_for_strangers_and_on_error_pages(db: None, django_assert_num_queries) -> None:
    request = RequestFactory().get("/")
    with django_assert_num_queries(0):
        assert context.unread(request)["unread_notifications"]() == 0
        request.user = AnonymousUser()
        assert context.unread(request)["unread_notifications"]() == 0
