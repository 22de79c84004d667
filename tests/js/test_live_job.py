"""A job on the page, in a real browser: what is drawn, and what stays."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.js.site import JOB, STREAM, Site, job

PARTIAL = f"/jobs/{JOB}/view/"


def inside(status: str = "processing", percent: str = "20%", progress: str = "0.2", more: str = "") -> str:
    return f"""
      <h1 data-field="status">{status}</h1>
      <p><span data-field="percent">{percent}</span> <span data-field="stage">Waiting</span></p>
      <p data-field="eta"></p><p data-field="since"></p>
      <p data-field="cost">$0.00</p><p data-field="position">3</p><p data-field="ahead">2</p>
      <p data-field="tokens_out">0</p><p data-field="quality.coverage">?</p>
      <div data-bar role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="20"></div>
      <ol><li data-step="parse" data-status="{status}" data-progress="{progress}">
        <progress data-bar max="1" value="{progress}"></progress></li></ol>
      <details><summary>More</summary><input name="note"></details>
      {more}"""


def view(status: str = "processing", **parts: str) -> str:
    return f"""<connection-state>
        <span data-connection-text></span><a data-sign-in hidden href="/in">Sign in</a>
      </connection-state>
      <job-view data-job="{JOB}" data-status="{status}" data-partial="{PARTIAL}">{inside(status, **parts)}
      </job-view>"""


def opened(site: Site, status: str = "processing") -> None:
    site.answers[PARTIAL] = inside(status)
    site.show(view(status))
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")


def progress(site: Site, **data: object) -> None:
    told = {"job": JOB, "step": "parse", "attempt": 1, "progress": 0.5, "step_progress": 0.7}
    site.signal("job.progress", **{**told, **data})


def field(site: Site, name: str) -> Locator:
    return site.page.locator(f'[data-field="{name}"]')


def test_it_says_hello_from_where_the_page_stands(site: Site) -> None:
    opened(site)
    assert site.frames[0] == {"type": "hello", "streams": {STREAM: {"epoch": "e1", "seq": 0}}}
    expect(site.page.locator("[data-connection-text]")).to_have_text("Live")


def test_it_draws_a_signal_at_once_and_fetches_nothing(site: Site) -> None:
    opened(site)
    quality = {"coverage": 0.87}
    progress(site, stage="Topics", cost_usd="0.0042", tokens_out=1200, eta_seconds=118, quality=quality)
    expect(field(site, "percent")).to_have_text("50%")
    expect(field(site, "stage")).to_have_text("Topics")
    expect(field(site, "cost")).to_have_text("$0.0042")
    expect(field(site, "tokens_out")).to_have_text("1,200")
    expect(field(site, "eta")).to_have_text("about 2 min")
    expect(field(site, "quality.coverage")).to_have_text("87%")
    expect(field(site, "position")).to_have_text("")
    bar = site.page.locator('[role="progressbar"]')
    expect(bar).to_have_attribute("aria-valuenow", "50")
    assert bar.evaluate("bar => bar.style.getPropertyValue('--value')") == "0.5"
    assert site.page.locator("progress").evaluate("bar => bar.value") == 0.7
    expect(site.page).to_have_title("50% · Job")
    assert site.asked(PARTIAL) == []


def test_it_leaves_other_jobs_alone(site: Site) -> None:
    opened(site)
    progress(site, job="99999999-2222-4333-8444-555555555555", progress=0.9)
    site.event("job.completed", job=job("completed", 1, id="99999999-2222-4333-8444-555555555555"))
    progress(site, progress=0.3)
    expect(field(site, "percent")).to_have_text("30%")
    assert site.asked(PARTIAL) == []


def test_it_counts_the_time_left_down(site: Site) -> None:
    opened(site)
    site.page.clock.install()
    progress(site, eta_seconds=50)
    expect(field(site, "eta")).to_have_text("about 50 s")
    site.page.clock.run_for(31_000)
    expect(field(site, "eta")).to_have_text("about 20 s")


def test_it_counts_down_what_the_server_wrote_before_any_signal(site: Site) -> None:
    site.page.clock.install()
    site.show(view().replace('data-field="eta"', 'data-field="eta" data-seconds="50"'))
    site.page.clock.run_for(31_000)
    expect(field(site, "eta")).to_have_text("about 20 s")


def test_it_is_drawn_anew_by_the_server_after_an_event(site: Site) -> None:
    opened(site)
    site.answers[PARTIAL] = inside("completed", percent="100%", more="<h2>Summary</h2>")
    site.event("job.completed", job=job("completed", 1))
    expect(site.page.get_by_role("heading", name="Summary")).to_be_visible()
    expect(site.page.locator("job-view")).to_have_attribute("data-status", "completed")
    expect(site.page).to_have_title("Job")


def test_it_takes_the_element_itself_as_an_answer_too(site: Site) -> None:
    opened(site)
    site.answers[PARTIAL] = f"""<job-view data-job="{JOB}" data-status="failed" data-partial="{PARTIAL}">
      <h2>Why</h2></job-view>"""
    site.event("job.failed", job=job("failed"))
    expect(site.page.locator("job-view > h2")).to_have_text("Why")
    expect(site.page.locator("job-view")).to_have_count(1)


def test_it_keeps_focus_typing_and_open_details_when_it_is_drawn_anew(site: Site) -> None:
    opened(site)
    site.page.locator("summary").click()
    site.page.locator("input").fill("half a sen")
    site.answers[PARTIAL] = inside(more="<p>New</p>").replace("<h1", "<p>Above</p><h1")
    site.event("job.step_completed", job=job())
    expect(site.page.get_by_text("New")).to_be_visible()
    expect(site.page.locator("input")).to_be_focused()
    site.page.keyboard.type("tence")
    expect(site.page.locator("input")).to_have_value("half a sentence")
    expect(site.page.locator("details")).to_have_attribute("open", "")


def test_it_leaves_a_button_alone_that_waits_for_its_second_press(site: Site) -> None:
    button = "<confirm-button data-question='Sure?'><button type='button'>Cancel</button></confirm-button>"
    site.answers[PARTIAL] = inside(more=button + "<i data-state='done'>New</i>")
    site.show(view(more=button + "<i data-state='flowing'>Old</i>"))
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    site.page.get_by_role("button", name="Cancel").click()
    site.event("job.step_completed", job=job())
    expect(site.page.locator("i")).to_have_text("New")
    expect(site.page.locator("i")).to_have_attribute("data-state", "done")
    expect(site.page.get_by_role("button")).to_have_text("Sure?")


def test_it_does_not_go_back_when_the_server_drew_something_older(site: Site) -> None:
    opened(site)
    progress(site, progress=0.8, step_progress=0.9)
    expect(field(site, "percent")).to_have_text("80%")
    site.answers[PARTIAL] = inside(more="<p>Drawn</p>")
    site.event("job.step_started", job=job(progress=0.2))
    expect(site.page.get_by_text("Drawn")).to_be_visible()
    expect(field(site, "percent")).to_have_text("80%")
    assert site.page.locator("progress").evaluate("bar => bar.value") == 0.9


def test_it_fetches_once_for_events_that_come_together_and_once_more_for_those_after(site: Site) -> None:
    opened(site)
    for _ in range(20):
        site.event("job.step_started", job=job())
    expect(field(site, "stage")).to_have_text("Reading")
    site.page.wait_for_timeout(600)
    assert 1 <= len(site.asked(PARTIAL)) <= 2


def test_it_fetches_again_after_a_failure(site: Site) -> None:
    opened(site)
    answers = iter([(503, "busy"), (200, inside(more="<p>At last</p>"))])
    site.answers[PARTIAL] = lambda _: next(answers)
    site.event("job.step_completed", job=job())
    expect(site.page.get_by_text("At last")).to_be_visible()


def test_it_takes_what_a_snapshot_tells(site: Site) -> None:
    opened(site)
    site.answers[PARTIAL] = inside("completed", percent="100%")
    site.snapshot(jobs=[job("completed", 1)])
    expect(site.page.locator("job-view")).to_have_attribute("data-status", "completed")


def test_it_says_since_when_news_are_missing_and_catches_up(site: Site) -> None:
    opened(site)
    progress(site, eta_seconds=50)
    expect(field(site, "eta")).to_have_text("about 50 s")
    site.refuses_sockets = True
    site.answers[f"/api/v1/streams/{STREAM}/events/"] = lambda request: (503, "")
    site.cut()
    expect(site.page.locator("job-view")).to_have_attribute("data-stale", "true")
    expect(field(site, "since")).to_have_text(re.compile(r"as of \d\d:\d\d"))
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "offline", timeout=8_000)
    expect(field(site, "eta")).to_have_text("about 50 s")
    site.refuses_sockets = False
    site.page.evaluate("dispatchEvent(new Event('online'))")
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    expect(site.page.locator("job-view")).not_to_have_attribute("data-stale", "true")
    expect(field(site, "since")).to_have_text("")


def test_it_says_that_nobody_is_signed_in_and_offers_to(site: Site) -> None:
    opened(site)
    expect(site.page.locator("[data-sign-in]")).to_be_hidden()
    site.signed_out = True
    site.cut(4401)
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "signed-out")
    expect(site.page.locator("[data-connection-text]")).to_contain_text("Nobody is signed in here.")
    expect(site.page.locator("[data-sign-in]")).to_be_visible()


def test_it_polls_where_sockets_do_not_come_through_and_draws_the_job_itself(site: Site) -> None:
    site.refuses_sockets = True
    poll = f"/api/v1/streams/{STREAM}/events/"
    site.answers[poll] = f'{{"stream": "{STREAM}", "epoch": "e1", "seq": 0, "events": []}}'
    site.answers[PARTIAL] = inside(percent="33%", more="<p>Drawn</p>")
    site.show(view())
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "polling", timeout=10_000)
    expect(site.page.get_by_text("Drawn")).to_be_visible(timeout=8_000)
    expect(site.page.locator("job-view")).not_to_have_attribute("data-stale", "true")


def test_it_does_not_go_back_when_a_list_that_it_is_in_is_drawn_anew(site: Site) -> None:
    card = f"""<job-card data-job="{JOB}" data-status="processing" data-partial="/card/">
      <p data-field="percent">20%</p><p data-field="stage">Waiting</p></job-card>"""
    site.answers["/list/"] = f"<h2>New</h2>{card}"
    live = f'<live-part data-partial="/list/" data-on="job.queued">{card}</live-part>'
    site.show(f"<connection-state></connection-state>{live}")
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    progress(site, stage="Topics")
    expect(field(site, "percent")).to_have_text("50%")
    kept = site.page.locator("job-card").element_handle()
    site.page.evaluate(
        """() => new MutationObserver(() => {
            const shown = document.querySelector("[data-field=percent]").textContent;
            window.shown = [...(window.shown ?? []), shown];
        }).observe(document.body, { subtree: true, childList: true, characterData: true })"""
    )
    site.event("job.queued", job=job(id="99999999-2222-4333-8444-555555555555"))
    expect(site.page.get_by_role("heading", name="New")).to_be_visible()
    assert set(site.page.evaluate("window.shown")) == {"50%"}
    expect(field(site, "stage")).to_have_text("Topics")
    assert kept.evaluate("card => card.isConnected")


def drafts(more: str = "") -> str:
    return f"""<job-draft data-job="{JOB}" hidden><section data-draft="parse" hidden>
      <h3>Transcript</h3><p data-draft-text></p></section></job-draft>{more}"""


def written(site: Site, offset: int, text: str) -> None:
    site.signal("job.text", job=JOB, step="parse", offset=offset, text=text)


def test_it_shows_what_is_written_as_it_comes_and_only_as_text(site: Site) -> None:
    site.answers[PARTIAL] = inside(more=drafts("<p>Drawn</p>"))
    site.show(view(more=drafts()))
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    draft = site.page.locator("[data-draft-text]")
    expect(draft).to_be_hidden()
    written(site, 0, '{"summary": ["We <b>ship</b> ')
    expect(draft).to_have_text("We <b>ship</b>")
    assert draft.locator("b").count() == 0
    written(site, 29, "on Thursday")
    site.event("job.step_started", job=job())
    expect(site.page.get_by_text("Drawn")).to_be_visible()
    expect(draft).to_have_text("We <b>ship</b> on Thursday")
    site.answers[PARTIAL] = inside("completed", more="<h2>Summary</h2>")
    site.event("job.completed", job=job("completed", 1))
    expect(site.page.get_by_role("heading", name="Summary")).to_be_visible()
    expect(draft).to_have_count(0)


def test_it_forgets_what_a_step_wrote_that_begins_again(site: Site) -> None:
    site.answers[PARTIAL] = inside(more=drafts())
    site.show(view(more=drafts()))
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    written(site, 0, "First try")
    expect(site.page.locator("[data-draft-text]")).to_have_text("First try")
    site.event("job.step_retrying", job=job("retrying"))
    expect(site.page.locator("job-draft")).to_be_hidden()
    written(site, 0, "Second try")
    expect(site.page.locator("[data-draft-text]")).to_have_text("Second try")


def test_it_shows_no_tokens_where_none_are_written(site: Site) -> None:
    opened(site)
    progress(site, tokens_out=0)
    expect(field(site, "percent")).to_have_text("50%")
    expect(field(site, "tokens_out")).to_have_text("")


def test_it_takes_up_new_jobs_in_an_empty_list(site: Site) -> None:
    site.answers["/list/"] = f'<div class="jobs"><job-card data-job="{JOB}">New</job-card></div>'
    live = '<live-part data-partial="/list/" data-on="job.queued"><div class="jobs"></div></live-part>'
    site.show(f"<connection-state></connection-state>{live}")
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    site.event("job.queued", job=job("queued"))
    expect(site.page.locator("job-card")).to_have_text("New")


def test_it_draws_a_list_anew_after_the_events_that_concern_it(site: Site) -> None:
    site.answers["/list/"] = "<ul><li data-key='a'>First</li><li data-key='b'>Second</li></ul>"
    on = 'data-on="job.queued job.completed"'
    site.show(
        f"""{view()}<live-part data-partial="/list/" {on}><ul><li data-key='b'>Second</li></ul></live-part>"""
    )
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    kept = site.page.locator("[data-key=b]").element_handle()
    site.event("job.started", job=job())
    site.event("job.queued", job=job())
    expect(site.page.locator("live-part li")).to_have_text(["First", "Second"])
    assert kept.evaluate("item => item.isConnected")
    assert len(site.asked("/list/")) == 1


def test_it_lets_stand_what_the_server_knows_better_until_that_draws_it_anew(site: Site) -> None:
    """Such as that nobody knows how long a job will take while it is paused."""
    site.answers[PARTIAL] = inside("processing").replace(
        '<p data-field="eta"></p>', '<p data-field="eta">1 min</p>'
    )
    paused = inside("queued").replace(
        '<p data-field="eta"></p>', '<p data-field="eta" data-standing>not known</p>'
    )
    site.show(view("queued").replace(inside("queued"), paused))
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    site.signal("queue.position", job=JOB, position=2, eta_seconds=118)
    expect(field(site, "position")).to_have_text("2")
    expect(field(site, "eta")).to_have_text("not known")
    site.event("job.started", job=job())
    progress(site, eta_seconds=118)
    expect(field(site, "eta")).to_have_text(re.compile("min"))
