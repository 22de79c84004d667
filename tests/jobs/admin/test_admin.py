from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs import actions
from jobs.actions import Submission
from jobs.errors import InvalidData, ProviderUnavailable
from jobs.ledger import Spent
from jobs.models import Attempt, Job, ProviderCall, Step, Upload, Worker
from jobs.outcomes import Failed, Succeeded
from jobs.uploads import take_in
from tests.factories import make_user
from tests.jobs.engine import claim, job, news, settle
from tests.jobs.filing import CONTENT

MODELS = (Job, Step, Attempt, ProviderCall, Upload, Worker)


def address(model, page="changelist", *args):
    return reverse(f"admin:jobs_{model._meta.model_name}_{page}", args=args)


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(olivia):
    return browser(olivia)


@pytest.fixture
def viewer(db):
    """Somebody of the staff who may look, and nothing else."""
    user = make_user("vera", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return browser(user)


@pytest.fixture
def history(alice):
    """A failed job with two attempts, a provider's answer, a worker, and a job with a file."""
    made = job("ask", input={"text": "the secret question"})
    error = ProviderUnavailable(detail="Traceback: it burns")
    settle(claim()[0], Failed(error), Spent())
    step = Step.objects.get(job=made)
    answer = {
        "provider": "local",
        "model": "m-1",
        "text": "the secret answer",
        "offline": True,
        "usage": {"tokens_in": 12, "tokens_out": None, "cost_usd": "0.5"},
    }
    ProviderCall.objects.create(
        step=step,
        owner_id=step.owner_id,
        attempt=1,
        task="tests.echo",
        fingerprint="x",
        provider="local",
        model="m-1",
        tokens_in=12,
        cost_usd=Decimal("0.5"),
        answer=answer,
    )
    Worker.objects.create(host="here", pid=1, slot=0, concurrency=64)
    actions.submit(alice, Submission("test.filing", upload=take_in(alice, ContentFile(CONTENT, "plan.txt"))))
    return made


def act(client, name, jobs, **more):
    chosen = {"action": name, "_selected_action": [str(one.pk) for one in jobs], **more}
    return client.post(address(Job), chosen, follow=True)


def said(answer):
    return [str(message) for message in answer.context["messages"]]


@pytest.mark.parametrize("model", MODELS)
def test_it_lists_and_shows_every_model(admin, history, model):
    listed = admin.get(address(model))
    assert listed.status_code == 200
    for row in model.objects.all():
        assert admin.get(address(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_it_shows_nothing_to_others(alice, history, model):
    assert browser(alice).get(address(model)).status_code == 302
    staff = browser(make_user("steve", is_staff=True))
    assert staff.get(address(model)).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_it_lets_nobody_add_or_change(admin, history, model):
    assert admin.get(address(model, "add")).status_code == 403
    row = model.objects.first()
    assert admin.post(address(model, "change", row.pk), {"status": "completed"}).status_code == 403


def test_it_lists_deletion_last(admin, history):
    choices = admin.get(address(Job)).context["action_form"].fields["action"].choices
    assert [name for name, _ in choices] == ["", "requeue", "cancel", "delete_selected"]


def test_it_leads_to_a_jobs_page_whom_it_lets_in(admin, olivia, history):
    shown = admin.get(address(Job, "change", history.pk)).content.decode()
    assert f"Only {history.owner} can open it." in shown
    Job.objects.update(owner=olivia)
    shown = admin.get(address(Job, "change", history.pk)).content.decode()
    assert f'href="/jobs/{history.pk}/"' in shown
    assert shown.index("Open the job’s page") < shown.index("Kind version")


def test_it_hides_what_django_q_keeps_for_itself(admin):
    assert "/admin/django_q/" not in admin.get("/admin/").content.decode()
    assert admin.get("/admin/django_q/schedule/").status_code == 404


@pytest.mark.parametrize("model", MODELS)
def test_it_says_when_a_list_will_have_rows(admin, model):
    assert f"No {model._meta.verbose_name_plural} yet" in admin.get(address(model)).content.decode()
    assert "Nothing matches" in admin.get(address(model) + "?q=nowhere").content.decode()


def test_it_shows_what_went_wrong(admin, history):
    attempt = Attempt.objects.get()
    page = admin.get(address(Attempt, "change", attempt.pk)).content.decode()
    assert "Traceback: it burns" in page
    job_page = admin.get(address(Job, "change", history.pk)).content.decode()
    assert "1: failed provider_unavailable" in job_page


def test_it_shows_nobody_what_people_wrote(admin, history):
    for model in MODELS:
        for row in model.objects.all():
            page = admin.get(address(model, "change", row.pk)).content.decode()
            assert "the secret" not in page
    listed = admin.get(address(ProviderCall)).content.decode()
    assert "12 + ? tokens, $0.5" in listed
    assert "17 characters" in listed


@pytest.mark.parametrize(
    ("model", "query", "count"),
    [
        (Job, "status__exact=queued", 1),
        (Job, "kind=test.ask", 1),
        (Job, "kind=test.noop", 0),
        (Job, "error=invalid_data", 0),
        (Job, "q=alice", 2),
        (Job, "q=plan", 1),
        (Step, "status__exact=retrying", 1),
        (Step, "kind=test.filing", 1),
        (Step, "name=only", 1),
        (Step, "error=provider_unavailable", 1),
        (Attempt, "outcome__exact=failed", 1),
        (Attempt, "outcome__exact=lost", 0),
        (Attempt, "error=provider_unavailable", 1),
        (Attempt, "provider=openai", 0),
    ],
)
def test_it_filters(admin, history, model, query, count):
    answer = admin.get(f"{address(model)}?{query}")
    assert answer.status_code == 200
    assert answer.context["cl"].result_count == count


@pytest.mark.filterwarnings("ignore:DateTimeField:RuntimeWarning")
@pytest.mark.parametrize(
    "query",
    [
        "created_at__gte=9999-12-31 23:59:59-12:00",
        f"created_at__year={9**40}",
    ],
)
def test_it_says_that_a_filter_has_a_value_that_no_row_can_have(admin, history, query):
    answer = admin.get(f"{address(Job)}?{query.replace('+', '%2B')}", follow=True)
    assert answer.status_code == 200
    if said(answer):
        assert "shown without filters" in said(answer)[0]
        assert answer.context["cl"].result_count == 2
    else:
        assert connection.vendor == "postgresql", "which knows years that Python does not"
        assert answer.context["cl"].result_count == 0


def test_it_shows_numbers_and_lists_as_people_write_them(admin, history):
    Job.objects.filter(pk=history.pk).update(
        progress=1 / 3,
        start_tag=12345.678901,
        quality={"validation": 2 / 3, "sure": True},
        error_recovery=["retry", "edit_input"],
        tags="|one|two|",
        cost_usd=Decimal("0.50000000"),
        size=2048,
        depends_on=[],
    )
    Step.objects.filter(job=history).update(progress=1 / 3, predicted_seconds=75.0)
    page = admin.get(address(Job, "change", history.pk)).content.decode()
    for words in ("33%", "12,345.679", "validation: 0.667", "sure: yes", "retry, edit_input", "one, two",
                  "$0.5", "2 KB"):  # fmt: skip
        assert words in page
    for raw in ("0.333", "12345.678", "|one|", "0.50000000", "&#x27;retry", "&quot;retry"):
        assert raw not in page
    step = Step.objects.get(job=history)
    assert "1 min 15 s" in admin.get(address(Step, "change", step.pk)).content.decode()


def test_it_finds_a_job_by_its_id(admin, history):
    for text in (str(history.pk), history.pk.hex, str(history.pk)[:20]):
        assert admin.get(f"{address(Job)}?q={text}").context["cl"].result_count == 1


def test_it_requeues_what_failed_and_says_how_many(admin):
    failed, going = job("broken"), job("slow")
    for one in claim():
        if one.job.pk == failed.pk:
            settle(one, InvalidData("No."))
    answer = act(admin, "requeue", [failed, going], confirmed="yes")
    assert said(answer) == ["1 of 2 requeued; the others did not fail, or wait for one that did."]
    failed.refresh_from_db()
    assert failed.status == "queued"
    assert news()[-1] == "job.requeued"
    actions.cancel(failed)
    assert said(act(admin, "requeue", [failed], confirmed="yes")) == ["1 requeued."]


def test_it_cancels_what_is_not_over_and_says_how_many(admin):
    going, done = job("slow"), job("noop")
    settle(next(one for one in claim() if one.job.pk == done.pk))
    answer = act(admin, "cancel", [going, done])
    assert said(answer) == ["1 of 2 cancelled; the others were over already."]
    assert set(Job.objects.values_list("status", flat=True)) == {"cancelled", "completed"}


@pytest.mark.parametrize("name", ["requeue", "cancel", "delete_selected"])
def test_it_lets_those_who_may_only_look_do_nothing(viewer, name):
    made = job("slow")
    assert viewer.get(address(Job)).status_code == 200
    act(viewer, name, [made], post="yes", confirmed="yes")
    made.refresh_from_db()
    assert made.status == "queued"


def test_it_lets_those_requeue_and_cancel_who_may_change_jobs(viewer):
    made = job("slow")
    operator = make_user("oscar", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename__in=("view_job", "change_job")))
    assert said(act(browser(operator), "cancel", [made])) == ["1 cancelled."]
    assert viewer.post(address(Job, "delete", made.pk), {"post": "yes"}).status_code == 403
    assert browser(operator).post(address(Job, "delete", made.pk), {"post": "yes"}).status_code == 403


def files(settings):
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_it_deletes_a_job_with_all_that_is_its_own(admin, history, settings, alice):
    made = Job.objects.get(kind="test.filing")
    settle(claim()[0], Succeeded({}))
    assert len(files(settings)) == 1
    answer = admin.post(address(Job, "delete", made.pk), {"post": "yes"})
    assert answer.status_code == 302
    assert not Job.objects.filter(pk=made.pk).exists()
    assert not Upload.objects.exists()
    assert files(settings) == []
    act(admin, "delete_selected", [history], post="yes")
    assert not Job.objects.exists()
    call = ProviderCall.objects.get()
    assert (call.step, call.answer, call.cost_usd) == (None, None, Decimal("0.5")), "what was spent stays"


@pytest.mark.django_db(transaction=True)
def test_it_keeps_a_file_that_another_job_has(admin, settings, alice):
    upload = take_in(alice, ContentFile(CONTENT, "plan.txt"))
    one, _ = (actions.submit(alice, Submission("test.filing", upload=upload)) for _ in range(2))
    admin.post(address(Job, "delete", one.pk), {"post": "yes"})
    assert Upload.objects.get() == upload
    assert len(files(settings)) == 1


@pytest.mark.django_db(transaction=True)
def test_it_deletes_uploads_with_their_files(admin, settings, alice):
    first, second = (take_in(alice, ContentFile(CONTENT, "plan.txt")) for _ in range(2))
    admin.post(address(Upload, "delete", first.pk), {"post": "yes"})
    assert len(files(settings)) == 1
    chosen = {"action": "delete_selected", "_selected_action": [str(second.pk)], "post": "yes"}
    admin.post(address(Upload), chosen)
    assert files(settings) == []


@pytest.mark.parametrize("model", [Job, Step, Attempt, ProviderCall])
def test_it_asks_the_database_as_little_for_many_rows_as_for_one(admin, history, model):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            admin.get(address(model))
        return [one["sql"] for one in asked]

    few = queries()
    for _ in range(5):
        job("chain", owner="bob")
    for one in claim():
        settle(one)
        row = ProviderCall.objects.filter(fingerprint="x").first()
        row.pk, row.step = None, one.step
        row.save()
    many = queries()
    assert len(many) <= max(12, len(few))
    assert not any('"input"' in sql or '"output"' in sql for sql in many)


def test_it_asks_the_database_little_for_a_job(admin):
    made = job("diamond")
    for one in claim():
        settle(one)
    with CaptureQueriesContext(connection) as asked:
        admin.get(address(Job, "change", made.pk))
    assert len(asked) <= 12
