"""Access within 45 days, amendment with its hearing, and what stays while a request is open."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.commands import student as student_commands
from app.compliance.privacy import queries, service
from app.compliance.privacy.schemas import AmendmentForm, DecisionForm, HearingForm
from app.core import retention
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.files import open_store
from app.core.permissions import Duty, Subject
from app.db.models import AccessRequest, AuditEntry, OutboxMessage, User
from app.db.session import Database
from app.documents import service as documents
from app.ops import school_database
from app.rules.privacy import answer_due, days_left
from app.settings import Settings
from app.web import queue
from tests.compliance.privacy.conftest import NOW, TODAY, SignedIn, as_registrar
from tests.factories.school import School, subject_of


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 100))
def test_the_clock_of_45_days(received: date, later: int) -> None:
    due = answer_due(received)
    assert due - received == timedelta(days=45)
    assert days_left(due, received + timedelta(days=later)) == 45 - later


def test_the_clock_runs_from_the_day_the_letter_came_and_stands_in_the_queue(
    session: Session, maria: User, me: Subject, registrar: Subject
) -> None:
    came = TODAY - timedelta(days=44)
    row = service.ask_access(session, registrar, maria.id, "Everything", TODAY, received_on=came)
    assert (row.due_on, service.read_request(session, me, row.id, TODAY).days_left) == (
        TODAY + timedelta(days=1),
        1,
    )

    def waiting(today: date) -> tuple[int, int]:
        found = {one.kind.name: one for one in queue.counts(session, registrar, today)}["access_requests"]
        return found.waiting, found.overdue

    assert waiting(TODAY + timedelta(days=1)) == (1, 0), "the last day is not late"
    assert waiting(TODAY + timedelta(days=2)) == (1, 1)
    assert "45 days" in next(k.because for k in queue.kinds_for(registrar) if k.name == "access_requests")
    with pytest.raises(Conflict, match="open already"):
        service.ask_access(session, me, maria.id, "Again", TODAY)
    service.answer_inspected(session, registrar, row.id, "You saw everything on May 4.")
    assert waiting(TODAY) == (0, 0)
    with pytest.raises(Conflict, match="closed already"):
        service.withdraw_request(session, me, row.id)
    subjects = session.scalars(select(OutboxMessage.body_text).order_by(OutboxMessage.id)).all()
    assert "by May 5, 2026" in subjects[0]
    assert "You saw everything" in subjects[1]
    assert session.scalars(
        select(AuditEntry.action).where(AuditEntry.student_id == maria.id).order_by(AuditEntry.id)
    ).all()[:2] == ["access_request.received", "access_request.closed"]


def test_nothing_of_the_student_goes_while_a_request_is_open(
    session: Session, school: School, maria: User, me: Subject
) -> None:
    other = school.student(email="other@example.org")
    old = NOW - timedelta(days=400)
    for person in (maria, other):
        session.add(OutboxMessage(to_address=person.email, subject="Old", body_text="Old", created_at=old))
    session.flush()
    row = service.ask_access(session, me, maria.id, "My emails", TODAY)
    email = next(kind for kind in retention.kinds() if kind.name == "email")
    before = NOW - timedelta(days=180)
    assert email.due(session, before) == 1
    assert email.purge(session, before, 10) == 1
    kept = select(OutboxMessage.to_address).where(OutboxMessage.subject == "Old")
    assert session.scalars(kept).all() == [maria.email]
    service.withdraw_request(session, me, row.id)
    assert email.purge(session, before, 10) == 1


def test_an_amendment_from_the_request_to_the_statement_that_travels(
    session: Session,
    school: School,
    maria: User,
    me: Subject,
    registrar: Subject,
    colleague: Subject,
    signed_in: SignedIn,
) -> None:
    asked = AmendmentForm(
        request=uuid4(), record="Attendance of March 3", wanted="I was there until five o’clock."
    )
    row = service.ask_amendment(session, me, maria.id, asked)
    hearing = HearingForm(outcome="upheld", decision="The kiosk and the instructor agree.")
    refused = DecisionForm(outcome="refused", decision="The kiosk says otherwise.")
    for early in (
        lambda: service.ask_hearing(session, me, row.id),
        lambda: service.decide_hearing(session, colleague, row.id, hearing),
        lambda: service.attach_statement(session, me, row.id, "I disagree."),
    ):
        with pytest.raises(Conflict):
            early()
    service.decide_amendment(session, registrar, row.id, refused)
    body = session.scalars(select(OutboxMessage.body_text).order_by(OutboxMessage.id.desc())).first() or ""
    assert "right to a hearing" in body
    assert "The kiosk says otherwise." in body
    service.ask_hearing(session, me, row.id)
    with pytest.raises(Forbidden, match="someone else must hold the hearing"):
        service.decide_hearing(session, registrar, row.id, hearing)
    service.decide_hearing(session, colleague, row.id, hearing)
    service.attach_statement(session, me, row.id, "My badge did not work that day.")
    assert service.statements_of(session, maria.id) == [
        ("Attendance of March 3", "My badge did not work that day.")
    ]
    office = signed_in(school.admin())
    for page in (f"/people/{maria.id}", f"/people/{maria.id}/privacy", f"/privacy/amendments/{row.id}"):
        assert "My badge did not work that day." in office.get(page).text, page
    student = signed_in(maria)
    assert "My badge did not work" in student.get(f"/account/privacy/amendments/{row.id}").text


@pytest.mark.parametrize("who", ["other student", "instructor", "bursar"])
def test_others_find_nothing(
    session: Session, school: School, maria: User, me: Subject, signed_in: SignedIn, who: str
) -> None:
    access = service.ask_access(session, me, maria.id, "Everything", TODAY)
    wrong = AmendmentForm(request=uuid4(), record="Attendance", wanted="I was there all day.")
    amendment = service.ask_amendment(session, me, maria.id, wrong)
    duty = {"instructor": Duty.INSTRUCTOR, "bursar": Duty.BURSAR}.get(who)
    person = school.with_duty(duty) if duty else school.student()
    subject = replace(subject_of(person), duties=frozenset({duty}) if duty else None)
    school.school_class(teacher=person, students=[school.enrollment(maria)])
    for look in (
        lambda: service.read_request(session, subject, access.id, TODAY),
        lambda: service.read_amendment(session, subject, amendment.id),
        lambda: service.log_of(session, subject, maria.id),
        lambda: service.set_hidden(session, subject, maria.id, hidden=True),
        lambda: service.withdraw_request(session, subject, access.id),
    ):
        with pytest.raises(NotFound):
            look()
    client = signed_in(person)
    for path in (f"/privacy/access/{access.id}/copy", f"/account/privacy/amendments/{amendment.id}"):
        assert client.get(path).status_code == 404, path
    assert client.get(f"/people/{maria.id}/privacy").status_code in (403, 404)


def test_the_request_of_a_student_whose_account_was_deleted_can_be_closed(
    session: Session, school: School, maria: User, me: Subject, registrar: Subject, signed_in: SignedIn
) -> None:
    row = service.ask_access(session, me, maria.id, "Everything", TODAY)
    sent = session.scalar(select(func.count()).select_from(OutboxMessage))
    maria.deleted_at = NOW
    session.flush()
    # Deleted people are known to those alone who may restore them.
    admin = school.admin()
    counts = {one.kind.name: one.waiting for one in queue.counts(session, subject_of(admin), TODAY)}
    assert counts["access_requests"] == 1
    page = signed_in(admin).get(f"/privacy/access/{row.id}").text
    assert "This account is deleted" in page
    assert f"/people/{maria.id}/privacy" not in page
    assert maria.id in session.scalars(queries.held_students()).all()
    with pytest.raises(NotFound):
        service.answer_inspected(session, registrar, row.id, "Mailed to the address on file.")
    service.answer_inspected(session, subject_of(admin), row.id, "Mailed to the address on file.")
    assert (row.outcome, session.scalars(queries.held_students()).all()) == ("inspected", [])
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == sent, (
        "there is nobody to mail to"
    )


def test_looking_through_consents_is_recorded(session: Session, maria: User, registrar: Subject) -> None:
    service.consents_of(session, registrar, maria.id)
    seen = session.scalars(select(AuditEntry).where(AuditEntry.action == "record.viewed")).one()
    assert (seen.actor_id, seen.student_id, seen.details["part"]) == (registrar.user_id, maria.id, "privacy")


def test_a_snapshot_sees_the_school_of_its_first_query(live_database: Database) -> None:
    people = select(func.count()).select_from(User)
    with live_database.snapshot() as reading:
        before = reading.scalar(people)
        with live_database.begin() as session:
            School(session).student()
        assert reading.scalar(people) == before
    with live_database.begin() as session:
        assert session.scalar(people) != before
        assert session.scalar(text("SHOW transaction_isolation")) == "read committed"


def _at_once(database: Database, acts: list[Callable[[], Any]]) -> list[str]:
    together = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> str:
        together.wait()
        try:
            one()
        except (Conflict, Forbidden) as problem:
            return type(problem).__name__
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(act, acts))


def test_a_deleted_students_amendment_can_still_be_decided(
    session: Session, school: School, maria: User, me: Subject
) -> None:
    wrong = AmendmentForm(request=uuid4(), record="Attendance", wanted="I was there all day.")
    row = service.ask_amendment(session, me, maria.id, wrong)
    maria.deleted_at = NOW
    session.flush()
    admin = subject_of(school.admin())
    waiting = {one.kind.name: one.waiting for one in queue.counts(session, admin, TODAY)}
    assert waiting["amendment_requests"] == 1
    found = service.read_amendment(session, admin, row.id)
    assert (found.deleted, found.may_decide) == (True, True)
    service.decide_amendment(
        session, admin, row.id, DecisionForm(outcome="amended", decision="You are right.")
    )
    assert session.scalars(select(OutboxMessage)).all() == [], "nobody is there to read it"


def test_two_who_answer_or_decide_at_once_and_the_operators_export(
    live_database: Database, live_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(live_settings)
    with live_database.begin() as session:
        school = School(session)
        documents.ensure_keys(session, live_settings)
        maria = school.student(full_name="Maria Lopez")
        me = subject_of(maria)
        office = [as_registrar(school, name) for name in ("Rita", "Carl")]
        access = service.ask_access(session, me, maria.id, "Everything", TODAY).id
        wrong = AmendmentForm(request=uuid4(), record="Attendance", wanted="I was there all day.")
        other = subject_of(school.student())

    sent: list[int] = []

    def send() -> None:
        with live_database.begin() as session:
            sent.append(service.ask_amendment(session, me, maria.id, wrong).id)

    assert _at_once(live_database, [send] * 4) == ["done"] * 4
    (amendment,) = set(sent)
    with live_database.begin() as session, pytest.raises(Conflict, match="another request"):
        service.ask_amendment(session, other, other.user_id, wrong)
    refused = DecisionForm(outcome="refused", decision="No evidence of that.")

    def decide(subject: Subject) -> None:
        with live_database.begin() as session:
            service.decide_amendment(session, subject, amendment, refused)

    assert _at_once(live_database, [lambda s=s: decide(s) for s in office]) == ["Conflict", "done"]
    answers = [
        lambda s=s: service.answer_with_copy(live_database, s, store, live_settings, access, "Here it is.")
        for s in office
    ]
    with time_machine.travel(NOW, tick=False):
        assert _at_once(live_database, answers) == ["Conflict", "done"]
    with live_database.begin() as session:
        row = session.get_one(AccessRequest, access)
        assert row.archive_sha256 is not None
        assert store.exists(row.archive_sha256)
        closed = select(func.count()).where(AuditEntry.action == "access_request.closed")
        assert session.scalar(closed) == 1
    monkeypatch.setattr(school_database, "get_settings", lambda: live_settings)
    target = tmp_path / "file.zip"
    target.write_bytes(b"An older one that everybody reads")
    target.chmod(0o644)
    command = ["export", str(maria.id), "--output", str(target), "--json"]
    done = CliRunner().invoke(student_commands.commands, command)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert target.stat().st_mode & 0o777 == 0o600
    nobody = CliRunner().invoke(student_commands.commands, ["export", "999999", "--output", str(target)])
    assert "no such student" in str(nobody.exception)
