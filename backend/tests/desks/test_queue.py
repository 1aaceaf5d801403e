"""The queue: each kind of work with its deadline, in one list that costs the same however many kinds there are."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Duty
from app.db.models import (
    AdmissionDocument,
    AdmissionKind,
    FinalGrade,
    GradeChange,
    LeaveOfAbsence,
    NameRequest,
    ProgressAppeal,
    ProgressReview,
    User,
    Withdrawal,
)
from app.school.service import PolicyKind, policies
from app.web import queue
from tests.desks.conftest import SignedIn, a_program, enroll
from tests.factories.school import School, subject_of
from tests.queries import counted

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
TODAY = date(2026, 11, 20)
_LATE_THAT_EVENING = datetime(2026, 10, 2, 2, tzinfo=UTC)
"""Ten at night on October 1 at the school, and October 2 in UTC."""


def _one_of_each(session: Session, school: School) -> User:
    """A student for whom one thing of every kind waits; the withdrawal came 50 days ago."""
    program_id, _ = a_program(school)
    student = school.student(full_name="Maria Lopez")
    enrollment = enroll(school, student, program_id)
    first = school.school_class(code="DA-1", students=[enrollment])
    other = school.school_class(code="DA-2", students=[enrollment])
    school.attendance(enrollment, NOW - timedelta(days=2), minutes=0, missing_clock_out=True)
    school.enrollment(student, progress_pct=100)
    left = school.enrollment(student, status="withdrawn")
    grading = policies.at(session, PolicyKind.GRADING, TODAY).id
    graded: dict[str, Any] = {
        "enrollment_id": enrollment.id,
        "letter": "B",
        "gpa_weight": Decimal(1),
        "policy_id": grading,
        "graded_on": TODAY,
        "explanation": "All of it.",
    }
    teacher, registrar = school.instructor(), school.admin()
    approved = FinalGrade(
        class_id=other.id,
        status="approved",
        submitted_by=teacher.id,
        decided_by=registrar.id,
        decided_at=NOW,
        **graded,
    )
    review = ProgressReview(
        enrollment_id=enrollment.id,
        checkpoint_pct=25,
        reviewed_on=TODAY,
        policy_id=policies.at(session, PolicyKind.ACADEMIC_PROGRESS, TODAY).id,
        state="not_met",
        attended_minutes=0,
        scheduled_minutes=60,
        elapsed_days=10,
        explanation="Too few hours.",
    )
    session.add_all([approved, review, FinalGrade(class_id=first.id, submitted_by=teacher.id, **graded)])
    session.flush()
    kind, other_kind = session.scalars(select(AdmissionKind.id).order_by(AdmissionKind.id)).all()[:2]
    paper = {"user_id": student.id, "kind_id": kind, "media_type": "image/png", "size_bytes": 9}
    session.add_all(
        [
            GradeChange(
                final_grade_id=approved.id,
                old_letter="B",
                letter="A",
                policy_id=grading,
                reason="Miscounted",
                asked_by=teacher.id,
            ),
            ProgressAppeal(review_id=review.id, reason="I was in the hospital", asked_by=student.id),
            NameRequest(
                user_id=student.id,
                last_name="Reyes",
                counts_from=TODAY,
                reason="Marriage",
                document_sha256="b" * 64,
                document_type="image/png",
            ),
            AdmissionDocument(sha256="c" * 64, **(paper | {"kind_id": other_kind})),
            AdmissionDocument(
                sha256="d" * 64,
                state="accepted",
                checked_at=NOW - timedelta(days=300),
                expires_on=TODAY + timedelta(days=5),
                **paper,
            ),
            LeaveOfAbsence(
                request=uuid4(),
                enrollment_id=enrollment.id,
                user_id=student.id,
                state="requested",
                reason="Surgery",
                starts_on=TODAY + timedelta(days=30),
                return_on=TODAY + timedelta(days=60),
                requested_at=NOW,
            ),
            Withdrawal(user_id=student.id, enrollment_id=left.id, requested_at=_LATE_THAT_EVENING),
        ]
    )
    session.flush()
    return student


@pytest.fixture
def registrar(signed_in: SignedIn, school: School) -> TestClient:
    return signed_in(school.with_duty(Duty.REGISTRAR))


def test_everything_that_waits_is_in_one_list_and_leads_to_the_act(
    session: Session,
    connection: Connection,
    school: School,
    registrar: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    _one_of_each(session, school)
    subject = replace(subject_of(school.instructor()), duties=frozenset({Duty.REGISTRAR}))
    with counted(connection) as statements:
        counts = queue.counts(session, subject, TODAY)
    waiting = {one.kind.name: (one.waiting, one.overdue) for one in counts}
    # Everything that has no deadline is never late; the refund of the withdrawal is, by five days.
    assert waiting["withdrawals"] == (1, 1)
    assert {name for name, (found, _late) in waiting.items() if found == 1} >= set(KINDS)
    assert {name for name, (_found, late) in waiting.items() if late} == {"withdrawals"}
    assert len([one for one in statements if "UNION ALL" in one]) == 1

    rows = registrar.get("/queue?format=json").json()
    lines = rows["rows"] if isinstance(rows, dict) else rows
    since = [line["since"] for line in lines]
    assert since == sorted(since), "the oldest first"
    late = next(line for line in lines if line["kind"] == "Withdrawals to process")
    assert (late["due_on"], late["days_left"]) == ("2026-11-15", -5)
    page = registrar.get("/queue").text
    for href in _acts(page):
        assert registrar.get(href).status_code == 200, href
    assert "5 days late" in page
    one = registrar.get("/queue?kind=name_requests&format=csv").text
    assert one.count("Maria Lopez") == 1
    assert "New name Reyes" in one
    assert "Maria Lopez" in registrar.get("/queue?q=reyes").text
    assert "1" in registrar.get("/").text.partition("Withdrawals to process")[2][:400]


KINDS = (
    "admission_documents",
    "expiring_documents",
    "final_grades",
    "grade_changes",
    "leave_requests",
    "missing_clock_outs",
    "name_requests",
    "progress_appeals",
    "ready_to_graduate",
    "withdrawals",
)


def _acts(page: str) -> list[str]:
    table = page.partition("<tbody")[2].partition("</tbody")[0]
    return [part.partition('"')[0] for part in table.split('href="')[1:]]


def test_the_queue_is_of_those_who_work_on_it(
    session: Session, school: School, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    student = _one_of_each(session, school)
    assert signed_in(student).get("/queue").status_code == 403
    author = signed_in(school.with_duty(Duty.CONTENT_AUTHOR))
    assert author.get("/queue").status_code == 403
    assert "/queue" not in author.get("/").text
    # An instructor has the missing clock-outs of their own classes, and nothing else.
    teacher = school.instructor()
    assert "Maria Lopez" not in signed_in(teacher).get("/queue").text
    enrollment = enroll(school, school.student(full_name="Own Student"), a_program(school)[0])
    school.school_class(teacher=teacher, students=[enrollment])
    school.attendance(enrollment, NOW - timedelta(days=1), minutes=0, missing_clock_out=True)
    page = signed_in(teacher).get("/queue").text
    assert "Own Student" in page
    assert "Name change requests" not in page


@pytest.mark.parametrize("duty", list(Duty))
def test_a_count_that_was_put_together_before_counts_what_waits_now(
    session: Session, school: School, monkeypatch: pytest.MonkeyPatch, duty: Duty
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    subject = replace(subject_of(school.instructor()), duties=frozenset({duty}))
    before = queue.counts(session, subject, TODAY, revision=1)
    assert not any(one.waiting for one in before)
    student = _one_of_each(session, school)
    school.attendance(school.enrollment(student), NOW - timedelta(hours=1), clock_out=None)
    assert queue.counts(session, subject, TODAY, revision=1) == queue.counts(session, subject, TODAY)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=23))
    later = queue.counts(session, subject, TODAY, revision=1)
    assert later == queue.counts(session, subject, TODAY)
