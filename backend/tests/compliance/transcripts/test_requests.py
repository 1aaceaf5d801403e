"""Requests with consent, their answers, and transcripts for many at once."""

import contextlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine

from app.compliance.transcripts.batches import jobs
from app.compliance.transcripts.batches import service as batches
from app.compliance.transcripts.deliveries import service as deliveries
from app.compliance.transcripts.holds import service as holds
from app.compliance.transcripts.public import service as public
from app.compliance.transcripts.requests import service as requests
from app.compliance.transcripts.schemas import RequestForm
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.db.models import (
    AuditEntry,
    IssuedDocument,
    OutboxMessage,
    Transcript,
    TranscriptBatchItem,
    TranscriptRequest,
    User,
)
from app.documents import batch, issue
from app.web.imports.description import register_actor
from tests.compliance.transcripts.conftest import World


def form(world: World, **given: object) -> RequestForm:
    values: dict[str, object] = {
        "enrollment_id": world.enrollments["maria"],
        "delivery": "mail",
        "recipient": "A college",
        "recipient_email": "records@college.example",
        "purpose": "Transfer",
        "consent": True,
    }
    return RequestForm.model_validate(values | given)


def ask(world: World, **given: object) -> int:
    with world.database.begin() as session:
        return requests.request_transcript(session, world.maria, form(world, **given)).id


def mails(world: World) -> list[tuple[str, str]]:
    with world.database.begin() as session:
        rows = session.execute(sa.select(OutboxMessage.to_address, OutboxMessage.body_text)).tuples()
        return list(rows.all())


def test_a_request_is_consented_to_issued_and_delivered(world: World, clock: time_machine.Traveller) -> None:
    number = ask(world)
    with world.database.begin() as session:
        record = session.get_one(TranscriptRequest, number)
        assert record.consent == (
            "I consent to the release of my transcript of the program Dental Assistant Professional to A college "
            "for this purpose: Transfer."
        )
        assert requests.count_waiting(session, world.registrar) == 1
        for stranger in (world.omar, world.instructor):
            with pytest.raises(NotFound):
                requests.read(session, stranger, number)
        with pytest.raises(Forbidden):
            requests.decline(session, world.maria, number, "No")
    act = uuid4()
    done = requests.fulfill(world.database, world.registrar, world.files, world.settings, number, request=act)
    assert done.link is None
    with pytest.raises(Conflict, match="fulfilled already"):
        requests.fulfill(world.database, world.registrar, world.files, world.settings, number, request=act)
    sent = dict(mails(world))
    assert "[one-time link]" in sent["records@college.example"]
    assert done.document.number in sent["maria@example.org"]
    with world.database.begin() as session:
        (row,) = deliveries.deliveries(session, world.maria, world.maria.user_id)
        assert (row.number, row.TranscriptDelivery.method) == (done.document.number, "mail")
        assert requests.count_waiting(session, world.registrar) == 0
    clock.move_to(datetime(2026, 6, 20, tzinfo=UTC))
    with world.database.begin() as session, pytest.raises(NotFound):
        deliveries.open_link(session, "x")


def test_a_request_that_is_canceled_while_it_is_issued_leaves_a_void_number_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask(world)
    make = issue.make

    def meanwhile(*given: Any) -> tuple[bytes, str]:
        with world.database.begin() as session:
            requests.cancel(session, world.maria, number)
        return make(*given)

    monkeypatch.setattr(issue, "make", meanwhile)
    with pytest.raises(Conflict, match="canceled already"):
        requests.fulfill(
            world.database, world.registrar, world.files, world.settings, number, request=uuid4()
        )
    with world.database.begin() as session:
        document = session.scalars(sa.select(IssuedDocument)).one()
        assert (document.status, document.sha256) == ("void", None)
        assert session.scalars(sa.select(Transcript)).all() == []
        assert deliveries.deliveries(session, world.maria, world.maria.user_id) == []
    assert "records@college.example" not in dict(mails(world))


def test_a_hold_that_comes_while_files_are_made_stops_that_student_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = issue.make

    def meanwhile(*given: Any) -> tuple[bytes, str]:
        with world.database.begin() as session, contextlib.suppress(Conflict):
            holds.set_hold(session, world.registrar, world.maria.user_id, "A balance is due.")
        return make(*given)

    for module in (issue, batch):
        monkeypatch.setattr(module, "make", meanwhile)
    register_actor(lambda _session, _settings, _user_id: world.registrar)
    with world.database.begin() as session:
        number = batches.start(session, world.registrar, class_id=world.class_id).id
    batches.work(world.database, world.files, world.settings, number)
    with world.database.begin() as session:
        done = batches.progress(session, world.registrar, number)
        assert (done.issued, done.refused) == (1, 1)
        (refused,) = [one.problem for one in done.items if one.problem]
        assert "A balance is due." in refused
        # Two who set it at once, or a button pressed twice, are one hold: lifted once, it is gone.
        (hold,) = holds.of_student(session, world.registrar, world.maria.user_id)
        holds.lift(session, world.registrar, hold.TranscriptHold.id, None)
    with pytest.raises(Conflict, match="A balance is due"):
        world.issue()
    with world.database.begin() as session:
        statuses = session.scalars(sa.select(IssuedDocument.status).order_by(IssuedDocument.id)).all()
        assert sorted(statuses) == ["issued", "void", "void"]


def test_bad_requests_save_nothing(world: World) -> None:
    for given, field in (
        ({"consent": False}, "consent"),
        ({"recipient_email": None}, "recipient_email"),
        ({"delivery": "paper"}, "recipient_address"),
    ):
        with pytest.raises(Invalid) as error:
            ask(world, **given)
        assert [one.field for one in error.value.errors] == [field]
    with pytest.raises(NotFound):
        ask(world, enrollment_id=world.enrollments["omar"])
    with world.database.begin() as session:
        holds.set_hold(session, world.registrar, world.maria.user_id, "The balance is due")
    with pytest.raises(Conflict, match=r"The balance is due\. Nothing was saved"):
        ask(world)
    with world.database.begin() as session:
        assert session.scalars(sa.select(TranscriptRequest)).all() == []


def test_declined_canceled_paper_links_and_fees(world: World) -> None:
    requests.register_fee("test", lambda _session, _user_id, delivery: 500 if delivery == "paper" else 0)
    try:
        paper = ask(world, delivery="paper", recipient_address="1 College Road")
    finally:
        requests._fees.pop("test")
    declined, canceled, link = ask(world), ask(world), ask(world, delivery="link")
    with world.database.begin() as session:
        assert session.get_one(TranscriptRequest, paper).fee_cents == 500
        requests.decline(session, world.registrar, declined, "The college no longer exists.")
        requests.cancel(session, world.maria, canceled)
        with pytest.raises(Conflict, match="declined already"):
            requests.cancel(session, world.maria, declined)
        with pytest.raises(NotFound):
            requests.cancel(session, world.omar, link)
    assert "The college no longer exists." in dict(mails(world))["maria@example.org"]

    def fulfill(number: int) -> requests.Fulfilled:
        return requests.fulfill(
            world.database, world.registrar, world.files, world.settings, number, request=uuid4()
        )

    assert fulfill(paper).link is None
    given = fulfill(link).link
    assert given is not None
    with world.database.begin() as session:
        shared = deliveries.open_link(session, given.partition("#")[2])
        assert shared.student == "Maria Lopez"
        rows = deliveries.deliveries(session, world.maria, world.maria.user_id)
        (on_paper,) = [one.TranscriptDelivery.id for one in rows if one.TranscriptDelivery.method == "paper"]
        with pytest.raises(Conflict, match="no link to revoke"):
            deliveries.revoke(session, world.maria, on_paper)


def test_many_at_once_each_gets_one_or_a_reason_and_a_killed_worker_goes_on(world: World) -> None:
    with world.database.begin() as session:
        odd = session.get_one(User, world.omar.user_id)
        odd.full_name = "Somchai สมชาย"
        for subject in (world.maria, world.bursar):
            with pytest.raises(Forbidden):
                batches.start(session, subject, class_id=world.class_id)
        batch = batches.start(session, world.registrar, class_id=world.class_id)
        number = batch.id
        # The button that was pressed twice.
        twin = batches.start(session, world.registrar, class_id=world.class_id).id
    register_actor(lambda _session, _settings, _user_id: world.registrar)
    batches.work(world.database, world.files, world.settings, number)
    # Begun again after its end, or after a worker was killed, nobody gets a second one.
    with world.database.begin() as session:
        session.execute(sa.text("UPDATE transcript_batches SET finished_at = NULL"))
    batches.work(world.database, world.files, world.settings, number)
    with world.database.begin() as session:
        done = batches.progress(session, world.registrar, number)
        assert (done.total, done.issued, done.refused, done.percent) == (2, 1, 1, 100)
        assert done.batch.finished_at is not None
        reasons = session.scalars(
            sa.select(TranscriptBatchItem.problem).where(TranscriptBatchItem.problem.is_not(None))
        )
        assert "U+0E2A" in str(reasons.one())
        statuses = session.execute(
            sa.text("SELECT number, status FROM issued_documents ORDER BY id")
        ).tuples()
        assert sorted(status for _number, status in statuses) == ["issued", "void"]
        found = batches.candidates(session, world.registrar, class_id=world.class_id)
        assert [one.why_not is None for one in found.everybody] == [False, True]
        holds.set_hold(session, world.registrar, world.omar.user_id, "Forms are missing.")
        with pytest.raises(Conflict, match="None of these students"):
            batches.start(session, world.registrar, class_id=world.class_id)
        with pytest.raises(NotFound):
            batches.candidates(session, world.registrar, program_id=99999)
        # By the number alone: one of the two was issued, and the other is not known.
        numbers = ("TR-2026-000001", "TR-2026-000002")
        assert {public.look(session, one, "", "").status for one in numbers} == {"issued", None}
    batches.work(world.database, world.files, world.settings, twin)
    with world.database.begin() as session:
        again = batches.progress(session, world.registrar, twin)
        assert (again.total, again.issued, again.refused) == (2, 0, 2)
        assert sorted(one.problem[:6] for one in again.items) == ["Has TR", "There "]


def test_a_batch_that_no_worker_goes_on_with_says_so(world: World) -> None:
    with world.database.begin() as session:
        numbers = [batches.start(session, world.registrar, class_id=world.class_id).id for _ in range(4)]
        for number, status in zip(numbers, ("todo", "doing", "failed", "failed"), strict=True):
            change = "UPDATE procrastinate_jobs SET status = :status WHERE (args->>'batch_id')::int = :id"
            session.execute(sa.text(change), {"status": status, "id": number})
    register_actor(lambda _session, _settings, _user_id: world.registrar)
    batches.work(world.database, world.files, world.settings, numbers[3])
    jobs.end_left_batches.func(SimpleNamespace(additional_context={"database": world.database}), 0)
    with world.database.begin() as session:
        found = [batches.progress(session, world.registrar, number) for number in numbers]
        assert [one.batch.finished_at is None for one in found] == [True, True, False, False]
        assert [one.batch.problem for one in found] == [None, None, batches.LEFT, None]
        ended = session.scalars(
            sa.select(AuditEntry.target_id).where(AuditEntry.action == "transcripts.ended")
        )
        assert sorted(ended) == [str(number) for number in numbers[2:]]
