"""The bell, toasts and buttons, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.js.site import ADDRESS, Site

MESSAGES = """<page-message data-level="success"><p>Cancelled.</p>
  <button type="button" aria-label="Dismiss" data-dismiss hidden>×</button></page-message>
  <page-message data-level="error"><p>Refused.</p>
  <button type="button" aria-label="Dismiss" data-dismiss hidden>×</button></page-message>"""
BELL = """<notification-bell data-unread="2">
  <a href="/notifications/" data-bell-toggle>Notifications <span data-unread-count>2</span></a>
  <div data-bell-popover hidden></div></notification-bell>"""
TOASTS = "<toast-region></toast-region>"
STATE = "<connection-state></connection-state>"
NOTICE = {"id": 1, "level": "success", "subject": "Your meeting is ready", "link": "/jobs/1/"}


def opened(site: Site, body: str) -> None:
    site.show(STATE + body)
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")


def count(site: Site) -> Locator:
    return site.page.locator("[data-unread-count]")


def test_it_counts_unread_notifications_as_they_come_and_are_read(site: Site) -> None:
    opened(site, BELL)
    site.event("notification.created", notification=NOTICE, unread=3)
    expect(count(site)).to_have_text("3")
    site.event("notification.read", unread=0)
    expect(count(site)).to_be_hidden()
    site.snapshot(notifications={"unread": 120, "latest": []})
    expect(count(site)).to_have_text("99+")


def test_it_asks_for_the_count_where_the_event_does_not_tell_it(site: Site) -> None:
    site.answers["/notifications/bell/"] = '<ul data-unread="7"></ul>'
    opened(site, BELL)
    site.event("notification.created", notification=NOTICE)
    expect(count(site)).to_have_text("7")


def test_it_opens_and_closes_the_latest_notifications(site: Site) -> None:
    site.answers["/notifications/bell/"] = '<ul data-unread="2"><li>Ready</li></ul>'
    opened(site, BELL)
    toggle = site.page.locator("[data-bell-toggle]")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    toggle.click()
    expect(site.page.get_by_text("Ready")).to_be_visible()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    site.page.keyboard.press("Escape")
    expect(site.page.get_by_text("Ready")).to_be_hidden()
    expect(toggle).to_be_focused()
    toggle.click()
    site.page.mouse.click(600, 500)
    expect(toggle).to_have_attribute("aria-expanded", "false")


def test_it_shows_a_notification_for_a_while_and_as_text_only(site: Site) -> None:
    site.page.clock.install()
    opened(site, TOASTS)
    site.event(
        "notification.created", notification={**NOTICE, "subject": "<img src=x onerror=alert(1)>"}, unread=1
    )
    toast = site.page.locator("toast-notice")
    expect(toast).to_have_attribute("data-level", "success")
    expect(toast.get_by_role("link")).to_have_text("<img src=x onerror=alert(1)>")
    expect(toast.get_by_role("link")).to_have_attribute("href", "/jobs/1/")
    site.page.clock.run_for(8_000)
    expect(toast).to_have_count(0)


def test_it_keeps_a_toast_while_it_is_pointed_at_and_dismisses_it_on_demand(site: Site) -> None:
    site.page.clock.install()
    opened(site, TOASTS)
    site.event("notification.created", notification=NOTICE, unread=1)
    toast = site.page.locator("toast-notice")
    toast.hover()
    site.page.clock.run_for(20_000)
    expect(toast).to_have_count(1)
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_have_count(0)


def test_it_asks_before_it_does_what_cannot_be_undone(site: Site) -> None:
    site.answers["/gone/"] = "<h1>Gone</h1>"
    opened(
        site,
        """<form method="post" action="/gone/"><confirm-button data-question="Yes, cancel it">
        <button>Cancel</button></confirm-button></form>""",
    )
    button = site.page.locator("confirm-button button")
    button.click()
    expect(button).to_have_text("Yes, cancel it")
    site.page.keyboard.press("Escape")
    expect(button).to_have_text("Cancel")
    button.click()
    site.page.mouse.click(600, 500)
    expect(button).to_have_text("Cancel")
    assert site.asked("/gone/") == []
    button.press("Enter")
    button.press("Enter")
    expect(site.page.get_by_role("heading", name="Gone")).to_be_visible()


def test_it_copies_without_https_and_says_so(site: Site) -> None:
    opened(
        site,
        """<code id="key">abc</code><copy-button data-copy-from="#key"><button>Copy</button></copy-button>
        <textarea></textarea>""",
    )
    button = site.page.locator("copy-button button")
    button.click()
    expect(button).to_have_text("Copied")
    site.page.locator("textarea").press("Control+v")
    expect(site.page.locator("textarea")).to_have_value("abc")
    expect(button).to_have_text("Copy")


def test_it_remembers_the_theme_before_the_first_paint(site: Site) -> None:
    choices = "".join(
        f'<button data-theme-choice="{one}">{one}</button>' for one in ("light", "dark", "system")
    )
    opened(site, f"<theme-toggle>{choices}</theme-toggle>")
    site.page.get_by_role("button", name="dark").click()
    expect(site.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(site.page.get_by_role("button", name="dark")).to_have_attribute("aria-pressed", "true")
    site.page.goto(f"{ADDRESS}/")
    assert site.page.evaluate("document.documentElement.dataset.theme") == "dark"
    site.page.get_by_role("button", name="system").click()
    expect(site.page.locator("html")).not_to_have_attribute("data-theme", re.compile("."))


def test_it_goes_to_the_opposite_theme_with_a_single_button(site: Site) -> None:
    opened(site, "<theme-toggle><button>Dark</button></theme-toggle>")
    button = site.page.get_by_role("button", name="Dark")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(site.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(site.page.locator("html")).to_have_attribute("data-theme", "light")


def test_it_takes_a_message_away_when_all_went_well_and_leaves_the_others(site: Site) -> None:
    site.page.clock.install()
    site.show(MESSAGES)
    expect(site.page.get_by_text("Cancelled.")).to_be_visible()
    site.page.clock.run_for(8_000)
    expect(site.page.get_by_text("Cancelled.")).to_have_count(0)
    site.page.get_by_role("button", name="Dismiss").click()
    expect(site.page.locator("page-message")).to_have_count(0)


def test_it_fills_in_the_browsers_time_zone_where_nobody_has_chosen_one(site: Site) -> None:
    field = '<time-zone><input name="{}" value="{}"></time-zone>'
    opened(site, field.format("untouched", "UTC") + field.format("chosen", "Asia/Tokyo"))
    own = site.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    expect(site.page.locator("[name=untouched]")).to_have_value(own)
    expect(site.page.locator("[name=chosen]")).to_have_value("Asia/Tokyo")


def test_it_draws_a_part_anew_every_few_seconds_and_keeps_what_somebody_does(site: Site) -> None:
    site.page.clock.install()
    part = '<fresh-part data-partial="/part/" data-every="2">{}</fresh-part>'
    site.answers["/part/"] = "<p>new</p><input id=word>"
    opened(site, part.format("<p>old</p><input id=word>"))
    site.page.locator("#word").focus()
    site.page.clock.run_for(1_500)
    assert not site.asked("/part/")
    site.page.clock.run_for(1_000)
    expect(site.page.locator("fresh-part p")).to_have_text("new")
    expect(site.page.locator("#word")).to_be_focused()
    site.page.clock.run_for(2_200)
    expect(site.page.locator("fresh-part p")).to_have_text("new")
    assert len(site.asked("/part/")) == 2


def test_it_asks_at_once_for_a_part_that_the_page_came_without(site: Site) -> None:
    site.answers["/part/"] = "<p>here</p>"
    opened(site, '<fresh-part data-partial="/part/" data-every="60" data-at-once></fresh-part>')
    expect(site.page.locator("fresh-part p")).to_have_text("here")
