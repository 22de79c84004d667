"""Submits a file: `manage.py submit FILE`."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console

from jobs import actions, export, queue, standings, uploads
from jobs.actions import Submission
from jobs.errors import SubmitError
from jobs.following import Sight, follow
from jobs.models import Job, JobResult, Step, Upload
from jobs.needs import Need
from jobs.presentation import job_data
from jobs.states import Priority, Status
from jobs.terminal import show_for

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


class Command(BaseCommand):
    """`manage.py submit FILE [--kind K] [--as USER] [--option k=v] [--after JOB] [--at TIME] [--watch]`.

    The result goes to standard output, all else to standard error. Exits with 0 when the job completed, or
    was taken when nobody watches; 1 when it failed or was cancelled; 2 when the input is at fault.
    """

    help = "Submits a file as a job; with --watch, shows its progress and prints its result."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", help="what to do with it; may be left out if one kind takes it")
        parser.add_argument(
            "--as", dest="username", help="whose job it is; the only administrator's if left out"
        )
        parser.add_argument(
            "--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the kind"
        )
        parser.add_argument("--priority", default=Priority.NORMAL.label, choices=Priority.labels)
        parser.add_argument(
            "--after", action="append", default=[], metavar="JOB", help="waits for this job; may be repeated"
        )
        parser.add_argument(
            "--at", metavar="TIME", help="starts no sooner than this, such as 2030-01-31T08:00"
        )
        parser.add_argument(
            "--reuse", action="store_true", help="an earlier result for the same input and options will do"
        )
        parser.add_argument("--watch", action="store_true", help="wait, show progress and print the result")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def handle(self, *args: Any, watch: bool, as_json: bool, **options: Any) -> None:
        """Submits, and watches if told to."""
        job = _submitted(**options)
        self._say(f"Submitted “{job.title}”: {settings.SITE_URL}/jobs/{job.pk}/")
        if not queue.live_workers():
            self._say("No worker is running, so the job waits. Start one with `manage.py up`.")
        if watch:
            self._watch(job, as_json, Console(file=options.get("stderr") or sys.stderr, highlight=False))
        else:
            self.stdout.write(_job_as_json(job) if as_json else str(job.pk))

    def _watch(self, job: Job, as_json: bool, console: Console) -> None:
        try:
            last = show_for(console)(follow(job.pk))
        except KeyboardInterrupt:
            self._say("You no longer watch; the job goes on.")
            sys.exit(INTERRUPTED)
        self._print_end(last, as_json)
        if last.job.status != Status.COMPLETED:
            sys.exit(FAILED)

    def _print_end(self, last: Sight, as_json: bool) -> None:
        if last.job.status == Status.COMPLETED:
            result = JobResult.objects.select_related("content").get(pk=last.job.pk).data
            written = json.dumps(result, indent=2, ensure_ascii=False)
            self.stdout.write(written if as_json else export.as_markdown(last.job, result))
        elif as_json:
            self.stdout.write(_job_as_json(last.job))

    def _say(self, sentence: str) -> None:
        self.stderr.write(sentence, style_func=str)


def _submitted(
    *,
    file: Path,
    kind: str | None,
    username: str | None,
    option: list[str],
    priority: str,
    after: list[str],
    at: str | None,
    reuse: bool,
    **_: Any,
) -> Job:
    """The job that was made of the file. What is at fault with it ends the command with 2."""
    owner, chosen = _owner(username), _options(option)
    try:
        upload = _taken_in(owner, file)
        try:
            wanted = kind or _kind_for(upload)
            wish = Submission(
                wanted,
                None,
                upload,
                chosen,
                priority,
                depends_on=_needs(after),
                run_at=_moment(at),
                reuse=reuse,
            )
            return actions.submit(owner, wish)
        except SubmitError:
            uploads.forget(upload)
            raise
    except SubmitError as error:
        _refuse(f"{error.message}{_details(error)}")


def _taken_in(owner: Any, path: Path) -> Upload:
    try:
        with path.open("rb") as opened:
            return uploads.take_in(owner, File(opened, name=path.name))
    except OSError as error:
        _refuse(f"{path} can't be read: {error.strerror}.")


def _owner(username: str | None) -> Any:
    people = get_user_model()._default_manager.filter(is_active=True)
    found = people.filter(username=username) if username else people.filter(is_superuser=True)
    owners = list(found[:2])
    if len(owners) != 1:
        nobody = f"There is nobody called “{username}”."
        _refuse(nobody if username else "Say whose job it is, with --as USERNAME.")
    return owners[0]


def _options(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    for name, equals, _ in pairs:
        if not name or not equals:
            _refuse(f"“{name}” is no option: write --option name=value.")
    return {name: value for name, _, value in pairs}


def _needs(given: list[str]) -> list[Need]:
    try:
        return [Need(UUID(one)) for one in given]
    except ValueError:
        _refuse("--after takes the id of a job, as `manage.py submit` prints it.")


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        _refuse(f"“{given}” is no time: write --at 2030-01-31T08:00, or with a zone 2030-01-31T08:00+01:00.")
    return at if at.tzinfo else timezone.make_aware(at)


def _kind_for(upload: Upload) -> str:
    kinds = uploads.kinds_for(upload.media_type)
    if len(kinds) > 1:
        names = ", ".join(kind.name for kind in kinds)
        raise SubmitError(f"Several kinds take this file: {names}. Choose one with --kind.")
    return kinds[0].name


def _details(error: SubmitError) -> str:
    told = [
        f"\n  {one['path']}: {one['message']}" for one in error.errors if one["message"] not in error.message
    ]
    return "".join(told)


def _refuse(sentence: str) -> NoReturn:
    raise CommandError(sentence, returncode=BAD_INPUT)


def _job_as_json(job: Job) -> str:
    steps = Step.objects.of_jobs([job.pk])[job.pk]
    return json.dumps(job_data(job, steps, place=standings.place_of(job)), indent=2, ensure_ascii=False)
