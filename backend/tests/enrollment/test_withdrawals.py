"""Withdrawals: dated by the policy, processed once, with figures that later corrections leave alone."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core.errors import Conflict, Invalid, Problem
from app.core.permissions import Subject
from app.db.models import (
    Attendance,
    Enrollment,
    EnrollmentStatus,
    Withdrawal,
    WithdrawalFigures,
    WithdrawalForm,
)
from app.db.session import Database
from app.enrollment import service
from app.enrollment.endings import processed
from app.enrollment.service import ProcessedWithdrawal
from app.enrollment.withdrawals.schemas import Notice
from tests.factories.school import School, subject_of
from tests.factories.withdrawals import NOW, ZONE, actions, ask, owner, record, set_policy, withdraw


@pytest.fixture
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.mark.parametrize(
    ("kind", "values", "expected", "basis", "words"),
    [
        ("student", {}, NOW, "receipt_of_request", "the school received the request"),
        ("student", {"student_date": "last_attendance"}, datetime(2026, 5, 4, 16, tzinfo=UTC),
         "last_attendance", "the student last attended"),
        ("administrative", {}, datetime(2026, 5, 4, 16, tzinfo=UTC), "last_attendance", "the student last attended"),
        ("administrative", {"administrative_date": "notice"}, datetime(2026, 5, 19, 4, tzinfo=UTC),
         "notice", "the school notified the student"),
        ("administrative", {"administrative_date": "receipt_of_request"}, NOW,
         "determination", "the school decided to withdraw the student"),
        ("school_cancelled", {"student_date": "last_attendance"}, NOW,
         "determination", "the school canceled the enrollment"),
        ("cancellation", {"student_date": "last_attendance"}, NOW,
         "receipt_of_request", "the school received the cancellation"),
    ],
)  # fmt: skip
def test_the_policy_says_which_moment_counts(
    session: Session,
    school: School,
    admin: Subject,
    browser: Callable[[Subject], TestClient],
    today: datetime,
    kind: Any,
    values: Any,
    expected: datetime,
    basis: str,
    words: str,
) -> None:
    if values:
        set_policy(session, **values)
    enrollment = school.enrollment(school.student())
    school.attendance(enrollment)
    school.attendance(enrollment, datetime(2026, 5, 8, 12, tzinfo=UTC), minutes=0)  # an undone mark
    row = record(session, admin, enrollment.id, kind=kind, notice=Notice("letter", date(2026, 5, 19)))
    assert (row.moment, row.date_basis) == (expected, basis)
    service.process_withdrawal(session, admin, enrollment.id, note="Done", zone=ZONE)
    assert (row.moment, row.date_basis) == (expected, basis)
    assert f", when {words}" in browser(admin).get(f"/enrollments/{enrollment.id}").text
    answer = browser(admin).get(f"/api/v1/enrollments/{enrollment.id}/withdrawal").json()
    assert answer["date_basis"] == basis
    assert session.get_one(Enrollment, enrollment.id).status is EnrollmentStatus.WITHDRAWN


@pytest.mark.parametrize("status", ["completed", "withdrawn"])
def test_an_enrollment_that_has_ended_is_not_left_again(
    session: Session, school: School, admin: Subject, today: datetime, status: str
) -> None:
    enrollment = school.enrollment(school.student())
    if status == "withdrawn":
        withdraw(session, admin, enrollment.id)
    else:
        enrollment.status, enrollment.completed_at = EnrollmentStatus.COMPLETED, date(2026, 5, 20)
        session.flush()
    before = session.scalar(select(func.count()).select_from(Withdrawal))
    for act in (
        lambda: ask(session, owner(session, enrollment), enrollment.id),
        lambda: record(session, admin, enrollment.id),
        lambda: service.process_withdrawal(session, admin, enrollment.id, note="Again", zone=ZONE),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.detail.endswith(".")
    assert session.scalar(select(func.count()).select_from(Withdrawal)) == before
    assert session.scalar(select(func.count()).select_from(WithdrawalForm)) == 0


def test_an_administrative_withdrawal_needs_its_notice(
    session: Session, school: School, admin: Subject, today: datetime
) -> None:
    enrollment = school.enrollment(school.student())
    record(session, admin, enrollment.id, kind="administrative")
    with pytest.raises(Conflict, match="notified the student"):
        service.process_withdrawal(session, admin, enrollment.id, note="Done", zone=ZONE)
    for wrong in (date(2026, 5, 21), date(2026, 1, 4)):
        with pytest.raises(Invalid, match="The notice cannot be"):
            service.note_notice(session, admin, enrollment.id, Notice("letter", wrong), zone=ZONE)
    service.note_notice(
        session, admin, enrollment.id, Notice("letter", date(2026, 5, 18), "9400 1"), zone=ZONE
    )
    done = service.process_withdrawal(session, admin, enrollment.id, note="Done", zone=ZONE)
    assert (done.notice_method, done.notice_on, done.notice_note) == ("letter", date(2026, 5, 18), "9400 1")
    assert actions(session) == [
        "withdrawal.recorded",
        "withdrawal.noticed",
        "enrollment.withdrawn",
        "withdrawal.processed",
    ]


def test_another_person_processes_it_where_the_policy_says_so(
    session: Session, school: School, admin: Subject, today: datetime
) -> None:
    set_policy(session, second_person="somebody_else")
    enrollment = school.enrollment(school.student())
    record(session, admin, enrollment.id)
    with pytest.raises(Conflict, match="another person"):
        service.process_withdrawal(session, admin, enrollment.id, note="Done", zone=ZONE)
    colleague = subject_of(school.admin())
    assert service.process_withdrawal(
        session, colleague, enrollment.id, note="Done", zone=ZONE
    ).processed_by == (colleague.user_id)


def test_the_figures_stand_and_corrections_are_shown_beside_them(
    session: Session, school: School, admin: Subject, browser: Callable[[Subject], TestClient]
) -> None:
    """480 hours; two records of four hours count, an open and a forgotten one and one of later days do not."""
    program = school.program(clock_hours=480)
    enrollment = school.enrollment(school.student(), program)
    module = school.module(program, name="Chairside")
    with time_machine.travel(NOW, tick=False):
        school.school_class(
            program, students=[enrollment], module_id=module.id, ends_on=date(2026, 5, 31),
            weekly=[(0, time(8), time(10))],
        )  # fmt: skip
        first = school.attendance(enrollment, datetime(2026, 5, 4, 12, tzinfo=UTC))
        second = school.attendance(enrollment, datetime(2026, 5, 11, 12, tzinfo=UTC))
        school.attendance(
            enrollment, datetime(2026, 5, 12, 12, tzinfo=UTC), minutes=0, missing_clock_out=True
        )
        heard: list[ProcessedWithdrawal] = []
        processed.register("test", lambda _session, _subject, one: heard.append(one))
        try:
            row = withdraw(session, admin, enrollment.id)
        finally:
            processed._follow.pop("test")
        (announced,) = heard
        assert service.frozen_figures(session, row.id) == announced
        figures = announced.figures
        assert (figures.hours.completed_minutes, figures.hours.total_minutes, figures.percent) == (
            480,
            28_800,
            1,
        )
        assert row.progress_pct_at_withdrawal == 1
        assert [one.id for one in figures.hours.records] == [first.id, second.id]
        parts = {one.name: one.completed_minutes for one in figures.hours.segments}
        assert parts == {"Chairside": 240, "Outside class meetings": 240}
        session.execute(
            update(Attendance)
            .where(Attendance.id == second.id)
            .values(clock_out=second.clock_in + timedelta(hours=1))
        )
        session.expire_all()
        account = service.read_withdrawal(session, admin, enrollment.id, ZONE)
        assert account is not None
        assert account.figures == figures, "what was frozen stands"
        assert [(one.then and one.then.id, one.minutes) for one in account.differences] == [(second.id, -180)]
        page = browser(admin).get(f"/enrollments/{enrollment.id}").text
        assert "Attendance was corrected after the figures were kept" in page
        own = browser(owner(session, enrollment)).get(f"/enrollments/{enrollment.id}").text
        assert "8 h of 480 h completed" in own.replace("\xa0", " ")
        assert "Attendance was corrected" not in own
    with pytest.raises(DBAPIError):
        session.execute(update(WithdrawalFigures).values(completed_minutes=0))


def test_what_a_room_raises_undoes_the_processing(
    session: Session, school: School, admin: Subject, today: datetime
) -> None:
    enrollment = school.enrollment(school.student())
    record(session, admin, enrollment.id)

    def refuse(*_given: object) -> None:
        raise Conflict("The account contradicts the agreement.")

    processed.register("test", refuse)
    try:
        with pytest.raises(Conflict, match="contradicts"), session.begin_nested():
            service.process_withdrawal(session, admin, enrollment.id, note="Done", zone=ZONE)
    finally:
        processed._follow.pop("test")
    session.expire_all()
    assert session.get_one(Enrollment, enrollment.id).status is EnrollmentStatus.ACTIVE
    assert session.scalar(select(func.count()).select_from(WithdrawalFigures)) == 0


def test_requests_and_registrars_at_once_count_once(live_database: Database) -> None:
    """The same form four times at once is one request; two registrars who process it at once process it once."""
    with live_database.begin() as session:
        school = School(session)
        enrollment = school.enrollment(school.student())
        student = owner(session, enrollment)
        staff = [subject_of(school.admin()) for _ in range(2)]
    sent = uuid4()

    def at_once(acts: list[Callable[[Session], object]]) -> list[object]:
        results: list[object] = []
        start = threading.Barrier(len(acts))

        def run(act: Callable[[Session], object]) -> None:
            start.wait()
            try:
                with live_database.begin() as session:
                    results.append(act(session))
            except Problem as problem:
                results.append(problem)

        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return results

    forms = at_once([lambda session: ask(session, student, enrollment.id, request=sent).id] * 4)
    assert len(forms) == 4
    assert len(set(forms)) == 1
    ended = at_once(
        [
            lambda session, who=who: (
                service.process_withdrawal(  # type: ignore[misc]
                    session, who, enrollment.id, note="Done", zone=ZONE
                ).id
            )
            for who in staff
        ]
    )
    assert sorted(type(one).__name__ for one in ended) == ["Conflict", "int"]
    with live_database.begin() as session:
        for table in (Withdrawal, WithdrawalForm, WithdrawalFigures):
            assert session.scalar(select(func.count()).select_from(table)) == 1
        assert actions(session).count("withdrawal.processed") == 1
