"""The drop zone in a real browser, up to the job's page."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Request, expect

from tests.js.site import JOB, Site

UPLOADS = "/api/v1/uploads/"
JOBS = "/api/v1/jobs/"
UPLOADED = json.dumps({"id": "u1", "filename": "a.vtt", "size": 3, "media_type": "text/vtt", "sha256": "x"})
STARTED = json.dumps({"id": JOB, "links": {"page": f"/jobs/{JOB}/"}})
MEETING = {"name": "a.vtt", "mimeType": "text/vtt", "buffer": b"WEBVTT"}


def zone(more: str = "") -> str:
    addresses = f'data-upload="{UPLOADS}" data-jobs="{JOBS}"'
    return f"""<drop-zone {addresses} data-max-bytes="2048" data-kind="meeting" {more}>
      <form method="post" action="/meetings/new/" enctype="multipart/form-data">
        <label>File <input type="file" name="file"></label>
        <textarea name="text"></textarea>
        <div data-upload-bar role="progressbar" aria-valuemax="100" hidden></div>
        <p data-message role="status"></p>
        <button type="submit">Send</button><button type="button" data-cancel>Stop</button>
      </form></drop-zone>"""


def elsewhere() -> str:
    return '<form id="paste"><input name="title"><input name="focus"></form>'


def opened(site: Site, more: str = "", beside: str = "") -> None:
    site.answers |= {
        UPLOADS: lambda _: (201, UPLOADED),
        JOBS: lambda _: (202, STARTED),
        f"/jobs/{JOB}/": "<h1>The job</h1>",
    }
    site.show(zone(more) + beside)


def drop(site: Site, names: list[str], size: int = 6) -> None:
    """Drops files beside the zone, somewhere on the page."""
    transfer = site.page.evaluate_handle(
        """([names, size]) => {
            const transfer = new DataTransfer();
            names.forEach((name) => transfer.items.add(new File(["x".repeat(size)], name)));
            return transfer;
        }""",
        [names, size],
    )
    for type_ in ("dragover", "drop"):
        site.page.dispatch_event("body", type_, {"dataTransfer": transfer})


def paste(site: Site, text: str) -> None:
    site.page.evaluate(
        """(text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const options = { clipboardData, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        text,
    )


def arrives(site: Site) -> None:
    expect(site.page.get_by_role("heading", name="The job")).to_be_visible()


def message(site: Site) -> Locator:
    return site.page.locator("[data-message]")


def test_it_uploads_a_chosen_file_starts_the_job_and_goes_to_its_page(site: Site) -> None:
    opened(site)
    site.page.locator("input[type=file]").set_input_files(MEETING)
    arrives(site)
    (upload,) = site.asked(UPLOADS)
    assert upload.headers["x-csrftoken"] == "token"
    assert 'name="file"; filename="a.vtt"' in (upload.post_data or "")
    (started,) = site.asked(JOBS)
    assert started.post_data_json == {"kind": "meeting", "upload": "u1"}
    assert len(started.headers["idempotency-key"]) == 36


def test_it_takes_a_file_that_is_dropped_anywhere_on_the_page(site: Site) -> None:
    opened(site)
    drop(site, ["a.vtt"])
    arrives(site)


def test_it_sends_along_what_is_filled_in_elsewhere_on_the_page(site: Site) -> None:
    opened(site, 'data-input-fields="title" data-option-fields="focus"', elsewhere())
    site.page.locator("[name=title]").fill(" Board meeting ")
    site.page.locator("[name=focus]").fill("the budget")
    drop(site, ["a.vtt"])
    arrives(site)
    (started,) = site.asked(JOBS)
    assert started.post_data_json == {
        "kind": "meeting",
        "upload": "u1",
        "input": {"title": "Board meeting"},
        "options": {"focus": "the budget"},
    }


def test_it_sends_nothing_along_of_fields_that_are_empty(site: Site) -> None:
    opened(site, 'data-input-fields="title" data-option-fields="focus"', elsewhere())
    drop(site, ["a.vtt"])
    arrives(site)
    (started,) = site.asked(JOBS)
    assert started.post_data_json == {"kind": "meeting", "upload": "u1"}


def test_it_asks_for_an_earlier_result_where_that_is_ticked(site: Site) -> None:
    opened(site)
    tick = "<input type=checkbox name=reuse checked>"
    site.page.locator("drop-zone form").evaluate(
        "(form, tick) => form.insertAdjacentHTML('beforeend', tick)", tick
    )
    drop(site, ["a.vtt"])
    arrives(site)
    (started,) = site.asked(JOBS)
    assert started.post_data_json == {"kind": "meeting", "upload": "u1", "reuse": True}


def test_it_takes_several_files_one_after_the_other_and_goes_to_the_list(site: Site) -> None:
    opened(site, 'data-list="/jobs/"')
    site.answers["/jobs/"] = "<h1>The jobs</h1>"
    drop(site, ["a.vtt", "b.vtt", "c.vtt"])
    expect(site.page.get_by_role("heading", name="The jobs")).to_be_visible()
    sent = [request.post_data or "" for request in site.asked(UPLOADS)]
    assert [name for text in sent for name in ("a.vtt", "b.vtt", "c.vtt") if name in text] == [
        "a.vtt",
        "b.vtt",
        "c.vtt",
    ]
    assert len({request.headers["idempotency-key"] for request in site.asked(JOBS)}) == 3


def test_it_stops_at_the_file_that_is_refused_and_goes_on_from_there(site: Site) -> None:
    opened(site, 'data-list="/jobs/"')
    site.answers["/jobs/"] = "<h1>The jobs</h1>"
    refusal = json.dumps({"detail": "That is no meeting."})
    answers = [(201, UPLOADED), (415, refusal), (201, UPLOADED), (201, UPLOADED)]
    site.answers[UPLOADS] = lambda _: answers.pop(0)
    drop(site, ["a.vtt", "b.vtt", "c.vtt"])
    expect(message(site)).to_have_text("b.vtt: That is no meeting.")
    assert len(site.asked(JOBS)) == 1
    site.page.get_by_role("button", name="Send").click()
    expect(site.page.get_by_role("heading", name="The jobs")).to_be_visible()
    assert len(site.asked(JOBS)) == 3


def test_it_takes_one_file_at_a_time_where_it_goes_to_the_page_of_its_job(site: Site) -> None:
    opened(site)
    drop(site, ["a.vtt", "b.vtt"])
    expect(message(site)).to_have_text("One file at a time, please.")
    assert site.asked(UPLOADS) == []


def test_it_takes_a_text_that_is_pasted_into_it(site: Site) -> None:
    opened(site)
    site.page.get_by_role("button", name="Send").focus()
    paste(site, "Ann: Hello\nBen: Hello")
    arrives(site)
    assert "Ben: Hello" in (site.asked(UPLOADS)[0].post_data or "")


def test_it_leaves_a_text_alone_that_is_pasted_elsewhere_or_into_a_field(site: Site) -> None:
    opened(site)
    paste(site, "secret")
    site.page.locator("textarea").focus()
    paste(site, "Ann: Hello")
    assert site.asked(UPLOADS) == []


def test_it_says_what_is_wrong_with_a_file_before_it_is_sent(site: Site) -> None:
    opened(site)
    drop(site, ["a.vtt"], size=4096)
    expect(message(site)).to_have_text("a.vtt has 4 KB. At most 2 KB are taken.")
    drop(site, ["b.vtt"], size=0)
    expect(message(site)).to_have_text("The file is empty. Choose one that has something in it.")
    expect(site.page.locator("drop-zone")).to_have_attribute("data-state", "failed")
    assert site.asked(UPLOADS) == []


def test_it_says_what_the_server_said_and_takes_another_file(site: Site) -> None:
    opened(site)
    detail = "This is no transcript. WebVTT, SRT or text is taken."
    site.answers[UPLOADS] = lambda _: (415, json.dumps({"title": "Refused", "detail": detail}))
    drop(site, ["a.vtt"])
    expect(message(site)).to_have_text(detail)
    expect(site.page.locator("[data-upload-bar]")).to_be_hidden()
    assert site.asked(JOBS) == []
    site.answers[UPLOADS] = lambda _: (201, UPLOADED)
    drop(site, ["a.vtt"])
    arrives(site)


def test_it_names_the_fields_that_the_server_names(site: Site) -> None:
    opened(site)
    problem = {
        "detail": "The input is not right.",
        "errors": [{"path": "kind", "message": "There is no such kind."}],
    }
    site.answers[JOBS] = lambda _: (400, json.dumps(problem))
    drop(site, ["a.vtt"])
    expect(message(site)).to_have_text("The input is not right. There is no such kind.")


def test_it_understands_that_a_sign_in_page_is_no_answer(site: Site) -> None:
    opened(site)
    site.answers[UPLOADS] = lambda _: (403, "<h1>Forbidden</h1>")
    drop(site, ["a.vtt"])
    expect(message(site)).to_contain_text("Sign in again")


def test_it_starts_one_job_however_often_it_has_to_ask(site: Site) -> None:
    opened(site)
    answers = iter([(502, "bad gateway"), (503, "busy"), (202, STARTED)])
    site.answers[JOBS] = lambda _: next(answers)
    drop(site, ["a.vtt"])
    arrives(site)
    assert len({request.headers["idempotency-key"] for request in site.asked(JOBS)}) == 1
    assert len(site.asked(UPLOADS)) == 1


def test_it_takes_no_second_file_while_one_is_on_its_way(site: Site) -> None:
    opened(site)
    site.held.add(UPLOADS)
    drop(site, ["a.vtt"])
    drop(site, ["b.vtt"])
    expect(message(site)).to_have_text("Sending a.vtt…")
    site.release()
    arrives(site)
    assert len(site.asked(UPLOADS)) == 1


def test_it_sends_again_on_submit_what_failed_but_uploads_it_once(site: Site) -> None:
    opened(site)
    site.answers[JOBS] = lambda _: (402, json.dumps({"detail": "Your budget of today is used up."}))
    drop(site, ["a.vtt"])
    expect(message(site)).to_have_text("Your budget of today is used up.")
    site.answers[JOBS] = lambda _: (202, STARTED)
    site.page.get_by_role("button", name="Send").click()
    arrives(site)
    assert len(site.asked(UPLOADS)) == 1
    first, second = (request.headers["idempotency-key"] for request in site.asked(JOBS))
    assert first != second, "a refusal would be answered from the key"


def test_it_waits_for_the_button_where_there_is_more_to_fill_in(site: Site) -> None:
    opened(site, "data-wait")
    drop(site, ["a.vtt"])
    expect(message(site)).to_have_text("a.vtt (6 bytes) is ready to be sent.")
    assert site.asked(UPLOADS) == []
    site.page.get_by_role("button", name="Send").click()
    arrives(site)


def test_it_leaves_the_form_to_the_browser_when_there_is_no_file(site: Site) -> None:
    opened(site)
    sent: list[Request] = []
    site.answers["/meetings/new/"] = lambda request: (sent.append(request), (200, "<h1>Plain</h1>"))[1]
    site.page.locator("textarea").fill("Ann: Hello")
    site.page.get_by_role("button", name="Send").click()
    expect(site.page.get_by_role("heading", name="Plain")).to_be_visible()
    assert sent[0].method == "POST"


def test_it_can_be_stopped(site: Site) -> None:
    opened(site)
    site.held.add(UPLOADS)
    drop(site, ["a.vtt"])
    expect(message(site)).to_have_text("Sending a.vtt…")
    expect(site.page.locator("[data-upload-bar]")).not_to_have_attribute("hidden", "")
    site.page.get_by_role("button", name="Stop").click()
    expect(message(site)).to_have_text("Cancelled. Nothing was started.")
    expect(site.page.locator("drop-zone")).to_have_attribute("data-state", "idle")
    site.release()
    assert site.asked(JOBS) == []
