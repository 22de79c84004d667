"""The main job, end to end: drop in a meeting, watch it being analysed, read the result."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext, expect

from tests.acceptance.person import Person


def test_it_analyses_a_meeting_that_is_dropped_in_and_shows_it_live(admin: Person) -> None:
    admin.opens("/")
    admin.page.locator("drop-zone input[type=file]").set_input_files(admin.transcript())
    admin.page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))
    job_id = admin.page.url.rstrip("/").rpartition("/")[2]
    admin.sees_status(job_id, "completed", seconds=60)

    page = admin.page
    for heading in ("Summary", "Decisions", "Action items", "Topics"):
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    expect(page.get_by_text("offline", exact=False).first).to_be_visible()
    for speaker in ("Ann", "Ben", "Cleo"):
        expect(page.get_by_text(speaker).first).to_be_visible()
    quote = page.locator('a[href^="#turn-"]').first
    target = quote.get_attribute("href") or ""
    quote.click()
    expect(page.locator(target)).to_be_in_viewport()


def test_it_leads_from_every_quote_of_a_long_meeting_to_its_place(admin: Person) -> None:
    lines = [
        f"Ann: We talked about item {n}. I will write the report on item {n} by Friday." for n in range(500)
    ]
    admin.opens("/")
    admin.page.locator("drop-zone input[type=file]").set_input_files(
        admin.transcript("\n".join(lines), "long.txt")
    )
    admin.page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))
    admin.sees_status(admin.page.url.rstrip("/").rpartition("/")[2], "completed", seconds=60)
    quotes = admin.page.locator('a[href^="#turn-"]:visible')
    for quote in (quotes.nth(quotes.count() // 2), quotes.first):
        target = quote.get_attribute("href") or ""
        quote.click()
        expect(admin.page.locator(target)).to_be_in_viewport()


def test_it_shows_the_same_in_a_second_tab_and_on_a_phone(
    admin: Person, context: BrowserContext, browser: Browser
) -> None:
    job = admin.submits("test.slow", seconds=6, ticks=30)
    admin.opens(f"/jobs/{job['id']}/")
    second = context.new_page()
    second.set_viewport_size({"width": 360, "height": 740})
    second.goto(f"{admin.site.address}/jobs/{job['id']}/")
    for page in (admin.page, second):
        admin.sees_live(page)
        expect(page.locator('[data-field="stage"]').first).to_contain_text("tick")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    for page in (admin.page, second):
        admin.sees_status(job["id"], "completed", page=page)


def test_it_cancels_a_running_job_and_retries_it(admin: Person) -> None:
    job = admin.submits("test.slow", seconds=60, ticks=100)
    admin.opens(f"/jobs/{job['id']}/")
    admin.sees_status(job["id"], "processing")
    admin.page.get_by_role("button", name=re.compile("cancel", re.I)).first.click()
    admin.page.get_by_role("button", name="Stop this job?").click()
    admin.sees_status(job["id"], "cancelled")
    admin.page.get_by_role("button", name=re.compile("again|retry", re.I)).first.click()
    admin.sees_status(job["id"], "processing")


def test_it_says_why_a_job_failed_and_what_one_can_do(admin: Person) -> None:
    job = admin.submits("test.diamond", permanent=True)
    admin.opens(f"/jobs/{job['id']}/")
    admin.sees_status(job["id"], "failed")
    expect(admin.page.get_by_text("This input can't be worked on.").first).to_be_visible()
    expect(admin.page.get_by_role("button", name=re.compile("again|retry", re.I)).first).to_be_visible()


def test_it_works_without_javascript_except_that_it_is_not_live(admin: Person, browser: Browser) -> None:
    plain = browser.new_context(java_script_enabled=False, storage_state=admin.page.context.storage_state())
    page = plain.new_page()
    page.goto(f"{admin.site.address}/meetings/new/")
    page.locator("input[type=file]").first.set_input_files(admin.transcript())
    page.locator("form:has(input[type=file]) button[type=submit]").first.click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))
    job_id = page.url.rstrip("/").rpartition("/")[2]
    admin.opens(f"/jobs/{job_id}/")
    admin.sees_status(job_id, "completed", seconds=60)
    page.reload()
    expect(page.get_by_role("heading", name="Summary").first).to_be_visible()
    plain.close()


def test_it_refuses_a_wrong_file_with_a_sentence_and_creates_nothing(admin: Person) -> None:
    wrong = admin.site.data_dir / "picture.vtt"
    wrong.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    admin.opens("/")
    admin.page.locator("drop-zone input[type=file]").set_input_files(wrong)
    message = admin.page.locator("drop-zone [data-message]").first
    expect(message).to_contain_text(re.compile("WebVTT|transcript", re.I))
    assert admin.page.request.get(f"{admin.site.address}/api/v1/jobs/").json()["results"] == []
