"""Things that happen in a test, and what follows from them.

A subscriber reads what is committed. `project` lets it read the test's own transaction instead; on a database that
the test commits to, `app.projections.subscription.catch_up` does it as the system does.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.permissions import Subject
from app.db.models import AuditEntry, Enrollment, Lesson, User
from app.projections.service import SUBSCRIBERS
from app.projections.subscription import Subscriber

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
STATEMENTS = SUBSCRIBERS["statements"]


def project(session: Session, subscriber: Subscriber = STATEMENTS) -> None:
    """Let the subscriber follow every entry there is, of this transaction too; for one that is replayable, again."""
    session.flush()
    subscriber.follow(session, session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all())


ZONE = ZoneInfo("America/New_York")
ADL = "http://adlnet.gov/expapi/verbs/"


class Stage(Protocol):
    """Who it happens to."""

    student: User
    lesson: Lesson
    enrollment: Enrollment

    @property
    def subject(self) -> Subject: ...
    @property
    def staff(self) -> Subject: ...


def _record(session: Session, stage: Stage, by: Subject | None, action: Action, **values: Any) -> None:
    target = values.pop("target_id", stage.enrollment.id)
    history.record(
        session,
        by,
        action,
        target,
        student_id=stage.enrollment.user_id,
        enrollment_id=stage.enrollment.id,
        occurred_at=values.pop("occurred_at", AT),
        **values,
    )


def clock_in(session: Session, stage: Stage, at: datetime = AT) -> None:
    _record(session, stage, None, Action.ATTENDANCE_CLOCKED_IN, occurred_at=at, clock_in=at)


def clock_out(
    session: Session, stage: Stage, minutes: int, at: datetime = AT, by: Subject | None = None
) -> None:
    _record(
        session, stage, by, Action.ATTENDANCE_CLOCKED_OUT, occurred_at=at, clock_out=at, total_minutes=minutes
    )


def complete_lesson(
    session: Session, stage: Stage, score: str | None, progress: int, at: datetime = AT
) -> None:
    _record(
        session,
        stage,
        None,
        Action.LESSON_COMPLETED,
        occurred_at=at,
        lesson_id=stage.lesson.id,
        source="content",
        score_pct=None if score is None else Decimal(score),
        progress_pct=[0, progress],
    )


def report(session: Session, stage: Stage, **changes: Any) -> None:
    """A course reports, as `PartReported` has it."""
    _record(
        session, stage, None, Action.CONTENT_PART_REPORTED, lesson_id=stage.lesson.id, **reported(**changes)
    )


def reported(**changes: Any) -> dict[str, Any]:
    """The details of a report but for its lesson."""
    values: dict[str, Any] = {
        "sco_id": "item 1/ä",
        "title": "",
        "status_before": "not attempted",
        "status": "incomplete",
        "score_pct_before": None,
        "score_pct": None,
        "session_seconds": 0,
        "first": False,
        "begun": False,
        "ending": None,
    }
    return values | changes


def everything(session: Session, stage: Stage) -> None:
    """Every kind of fact once, recorded but not projected: 18 statements."""
    part = {"lesson_id": stage.lesson.id, "sco_id": "a b", "title": "Part"}
    enrolled = {"program_id": stage.enrollment.program_id, "enrolled_at": date(2026, 5, 4)}
    _record(session, stage, stage.staff, Action.ENROLLMENT_CREATED, **enrolled)
    clock_in(session, stage)
    clock_out(session, stage, 125)
    clock_out(session, stage, 60, by=stage.staff)
    _record(session, stage, None, Action.ATTENDANCE_CLOCK_OUT_MISSING, clock_in=AT)
    _record(session, stage, None, Action.CONTENT_LESSON_OPENED, attempt_no=1, **part)
    report(session, stage, first=True)
    report(session, stage, score_pct=Decimal("40.5"))
    report(session, stage, status="failed", score_pct=Decimal(120), ending="suspended", session_seconds=61)
    report(
        session, stage, first=True, begun=True, status="passed", score_pct=Decimal(90), ending="terminated"
    )
    report(session, stage, status="completed")
    complete_lesson(session, stage, "87.25", 50)
    done = {"completed_at": date(2026, 5, 4), "derivation": "Every lesson is completed."}
    _record(session, stage, stage.staff, Action.ENROLLMENT_COMPLETED, **done)
    left = {"withdrawal_id": 1, "requested_at": AT, "derivation": "50 percent"}
    _record(session, stage, stage.staff, Action.ENROLLMENT_WITHDRAWN, **left)


def everything_stated(session: Session, stage: Stage) -> None:
    """Every kind of fact once, and the 18 statements."""
    everything(session, stage)
    project(session)
