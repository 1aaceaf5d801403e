"""Requests to leave: asked for once, taken back, in the queue with the days that are left."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Conflict, NotFound
from app.core.permissions import Subject
from app.db.models import (
    Enrollment,
    EnrollmentStatus,
    Withdrawal,
    WithdrawalForm,
)
from app.enrollment import service
from app.rules import withdrawals as rules
from tests.factories.school import School, subject_of
from tests.factories.withdrawals import NOW, ZONE, actions, ask, owner, record


@pytest.fixture
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield NOW


def test_a_student_asks_and_takes_it_back(
    session: Session, school: School, admin: Subject, today: datetime
) -> None:
    enrollment = school.enrollment(school.student())
    student, sent = owner(session, enrollment), uuid4()
    form = ask(session, student, enrollment.id, request=sent)
    assert ask(session, student, enrollment.id, request=sent).id == form.id
    with pytest.raises(Conflict, match="waiting for the office already"):
        ask(session, student, enrollment.id)
    with pytest.raises(Conflict, match="own request is waiting"):
        record(session, admin, enrollment.id)
    with pytest.raises(Conflict, match="only they can cancel"):
        service.cancel_withdrawal(session, admin, enrollment.id)
    lesson = school.lesson(school.module(enrollment.program))
    school.completion(enrollment, lesson)
    with pytest.raises(Conflict, match="withdrawal of this enrollment is waiting"):
        service.complete(
            session, admin, enrollment.id, today=date(2026, 5, 20), zone=ZONE, exception="As agreed"
        )
    other = subject_of(school.student())
    for act in (
        lambda: ask(session, other, enrollment.id),
        lambda: service.cancel_withdrawal(session, other, enrollment.id),
        lambda: service.read_withdrawal(session, other, enrollment.id, ZONE),
        lambda: ask(session, subject_of(school.admin()), enrollment.id),
    ):
        with pytest.raises(NotFound):
            act()
    service.cancel_withdrawal(session, student, enrollment.id)
    assert session.scalars(select(Withdrawal)).all() == []
    kept = session.scalars(select(WithdrawalForm)).one()
    assert (kept.canceled_at, kept.withdrawal_id, kept.reason) == (NOW, None, "Moving")
    assert ask(session, student, enrollment.id, request=sent).id == form.id, (
        "sent again it is the canceled one"
    )
    assert session.scalars(select(Withdrawal)).all() == []
    with pytest.raises(Conflict, match="Nothing was changed"):
        service.cancel_withdrawal(session, student, enrollment.id)
    assert actions(session) == ["withdrawal.requested", "withdrawal.canceled"]


def test_what_waits_for_a_completed_enrollment_can_leave_the_queue(
    session: Session,
    school: School,
    admin: Subject,
    browser: Callable[[Subject], TestClient],
    today: datetime,
) -> None:
    """Rows of an older release: the staff cancel any, the student theirs; one of a withdrawn enrollment stays."""
    kept, *others = (school.enrollment(school.student()) for _ in range(4))
    for enrollment in others[:2]:
        ask(session, owner(session, enrollment), enrollment.id)
    record(session, admin, others[2].id)
    record(session, admin, kept.id)
    for enrollment in others:
        enrollment.status, enrollment.completed_at = EnrollmentStatus.COMPLETED, date(2026, 5, 20)
    kept.status = EnrollmentStatus.WITHDRAWN
    session.flush()
    office = browser(admin)
    page = f"/enrollments/{others[0].id}"
    for address in (page, f"{page}/withdrawal"):
        shown = office.get(address).text
        assert f'action="{page}/withdrawal/cancel"' in shown
        assert "Process the withdrawal</a>" not in shown
        assert 'name="note"' not in shown
        assert "The enrollment stays completed." in shown
    assert office.post(f"{page}/withdrawal/cancel", data={"b": ""}).status_code == 303
    service.cancel_withdrawal(session, owner(session, others[1]), others[1].id)
    with pytest.raises(Conflict, match="The office recorded this withdrawal"):
        service.cancel_withdrawal(session, owner(session, others[2]), others[2].id)
    service.cancel_withdrawal(session, admin, others[2].id)
    with pytest.raises(Conflict, match="Nothing was changed"):
        service.cancel_withdrawal(session, admin, kept.id)
    assert session.scalars(select(Withdrawal.enrollment_id)).all() == [kept.id]
    assert session.get_one(Enrollment, others[0].id).status is EnrollmentStatus.COMPLETED


def test_completing_is_not_offered_while_a_withdrawal_waits(
    session: Session,
    school: School,
    admin: Subject,
    browser: Callable[[Subject], TestClient],
    today: datetime,
) -> None:
    enrollment = school.enrollment(school.student())
    school.completion(enrollment, school.lesson(school.module(enrollment.program)))
    office, page = browser(admin), f"/enrollments/{enrollment.id}"
    assert service.why_not_complete(session, admin, enrollment.id) is None
    assert f'href="{page}/complete"' in office.get(page).text
    record(session, admin, enrollment.id, kind="school_cancelled")
    assert f'href="{page}/complete"' not in office.get(page).text
    shown = office.get(f"{page}/complete").text
    assert "if the student asked for it, have them cancel it" in shown
    assert 'name="exception"' not in shown
    # One set of names wherever the staff read the kind.
    for address in (
        page,
        "/enrollments/withdrawals",
        "/enrollments/withdrawals?format=csv",
        f"{page}/withdraw",
    ):
        assert "Cancellation by the school" in office.get(address).text, address


def test_the_list_counts_the_days_that_are_left(
    session: Session,
    school: School,
    admin: Subject,
    browser: Callable[[Subject], TestClient],
    today: datetime,
) -> None:
    for days in (12, 30, 41, 46):
        enrollment = school.enrollment(school.student(full_name=f"Day {days}"))
        record(session, admin, enrollment.id, requested_at=NOW - timedelta(days=days))
    client = browser(admin)
    rows = client.get("/api/v1/withdrawals/pending").json()["items"]
    assert [(row["full_name"], row["days_left"]) for row in rows] == [
        ("Day 46", -1),
        ("Day 41", 4),
        ("Day 30", 15),
        ("Day 12", 33),
    ]
    page = client.get("/enrollments/withdrawals").text
    assert 'tag-bad">1 late' in page
    assert 'tag-bad">4 of 45' in page
    assert 'tag-warn">15 of 45' in page
    assert "33 of 45" in page
    assert "Days left" in client.get("/enrollments/withdrawals?format=csv").text


@pytest.mark.parametrize(
    ("days", "tone"), [(0, ""), (29, ""), (30, "warn"), (39, "warn"), (40, "bad"), (45, "bad")]
)
def test_warnings_begin_on_days_30_and_40(days: int, tone: str) -> None:
    assert rules.tone(days) == tone
    assert rules.due_on(date(2026, 1, 15)) == date(2026, 3, 1), "row 24 of the worked examples"
