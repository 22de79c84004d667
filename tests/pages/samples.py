"""What pages are tested with: jobs as they stand at some moment, written straight into the tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from jobs.kinds import registry
from jobs.models import Job, Step
from jobs.states import TERMINAL, Status
from shipspeak.accounts.models import User
from shipspeak.meetings.numbers import numbers
from shipspeak.meetings.parsing import read_text
from shipspeak.meetings.report import report
from tests.jobs.engine import keep_result

TIMED = """WEBVTT

00:00:01.000 --> 00:00:06.000
<v Ann>Good morning. Shall we start with the release? I think we are almost ready.

00:00:06.500 --> 00:00:14.000
<v Ben>Um, the tests are green. We decided to ship on Thursday, and I will write the notes by Wednesday.

00:00:13.000 --> 00:00:21.000
<v Ann>Good. Ben writes the release notes. Who tells the customers about <b>the new</b> billing page?

00:00:21.500 --> 00:00:30.000
<v Cleo>I can do that. I will send the mail to customers on Friday, after the release is out.
"""
UNTIMED = "Ann: Shall we start?\nBen: Yes, first the release.\nAnn: Good.\n"


def step_outputs(text: str = TIMED) -> dict[str, Any]:
    """What the steps of a meeting analysis give for the transcript ``text``."""
    transcript = read_text(text)
    counted = numbers(transcript.turns, "en")
    turns = [
        {"index": one.index, "speaker": one.speaker, "text": one.text, "start": one.start, "end": one.end}
        for one in transcript.turns
    ]
    first = turns[1]
    evidence = {"turn": 1, "quote": first["text"][:40], "speaker": first["speaker"], "start": first["start"]}
    last = len(turns) - 1
    return {
        "parse": {
            "format": transcript.format,
            "turns": turns,
            "language": {"code": "en", "name": "English", "certainty": 0.99},
            "problems": [{"code": "empty", "message": "1 cue has no words.", "count": 1}],
            "duration": transcript.duration,
            "understood": 1.0,
        },
        "sample": {
            "whole": True,
            "tokens": 120,
            "budget": 6000,
            "passages": 2,
            "of_passages": 2,
            "turns": [0, 1],
            "coverage": 0.93,
        },
        "content": {
            "summary": [{"text": "They ship on Thursday.", "turns": [1]}],
            "decisions": [{"text": "Ship on Thursday", "evidence": evidence}],
            "action_items": [
                {"text": "Write the notes", "owner": "Ben", "due": "Wednesday", "evidence": evidence},
                {"text": "Tell the customers", "owner": None, "due": None, "evidence": evidence},
            ],
            "topics": [
                {
                    "title": "Release",
                    "start_turn": 0,
                    "end_turn": last,
                    "start": turns[0]["start"],
                    "end": turns[last]["end"],
                    "share": 1.0,
                }
            ],
            "given": 3,
            "kept": 3,
            "offline": True,
        },
        "delivery": {
            "meeting": counted.meeting.model_dump(),
            "speakers": [one.model_dump() for one in counted.speakers],
        },
        "communication": {
            "scores": [
                {
                    "name": "clarity",
                    "title": "Clarity",
                    "score": 81,
                    "why": "Sentences are short.",
                    "evidence": [evidence],
                    "advice": "Keep them short.",
                },
                {
                    "name": "tone",
                    "title": "Tone",
                    "score": None,
                    "why": "Too little was said.",
                    "evidence": [],
                    "advice": "Say more.",
                },
            ],
            "given": 1,
            "kept": 1,
            "offline": True,
        },
    }


def meeting_report(text: str = TIMED) -> dict[str, Any]:
    """The report on the transcript ``text``, as JSON."""
    kind = registry.get("meeting")
    return report(kind.input(title="Release"), "release.vtt", step_outputs(text)).model_dump(mode="json")


def make_job(owner: User, kind: str = "meeting", status: str = Status.COMPLETED, **fields: Any) -> Job:
    """A job of ``kind`` all of whose steps have ``status``."""
    now = timezone.now()
    over = now if status in TERMINAL else None
    started = None if status == Status.QUEUED else now - timedelta(seconds=12)
    progress = 1.0 if status == Status.COMPLETED else 0.4
    values = {"kind": kind, "title": "Release", "status": status, "progress": progress}
    times = {"started_at": started, "finished_at": over}
    job = Job.objects.create(owner=owner, **{"cost_usd": 0, **values, **times, **fields})
    Step.objects.bulk_create(
        Step(
            job=job,
            owner_id=owner.pk,
            kind=kind,
            name=step.name,
            title=step.title,
            position=position,
            depends_on=list(step.depends_on),
            optional=step.optional,
            status=status,
            progress=progress,
            predicted_seconds=step.seconds,
            attempts=1,
            **times,
        )
        for position, step in enumerate(registry.get(kind).steps)
    )
    return job


def finished_meeting(owner: User, text: str = TIMED) -> Job:
    """A meeting analysis that is done, with its report."""
    job = make_job(owner, offline=True, filename="release.vtt", quality={"coverage": 0.93})
    keep_result(job, meeting_report(text))
    return job


def failed_meeting(owner: User, *, step: str = "content") -> Job:
    """A meeting analysis whose ``step`` failed for good after those that come before it were done."""
    job = make_job(
        owner,
        status=Status.FAILED,
        error_code="provider_rejected",
        error_message="The AI service refuses this request: it is too long.",
        error_recovery=["edit_input", "contact_operator"],
    )
    for name, output in step_outputs().items():
        Step.objects.filter(job=job, name=name).update(status=Status.COMPLETED, output=output)
    error = {"error_code": "provider_rejected", "error_message": job.error_message, "output": None}
    Step.objects.filter(job=job, name=step).update(status=Status.FAILED, **error)
    Step.objects.filter(job=job, name="report").update(status=Status.PENDING, started_at=None)
    return job
