"""Marks that follow from an absence that was excused: the roster says so, whoever opens it."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance.roster import queries
from app.compliance.attendance.roster.service import OPENS_BEFORE
from app.compliance.attendance.roster.settling import ROSTER, settle
from app.compliance.attendance.schemas import EnrollmentChoice
from app.core import clock, history
from app.core.actions import Action
from app.core.permissions import Actor, internal
from app.db.models import ClassAttendance
from app.rules.meetings import Meeting
from app.rules.roster import Mark


@internal("a step of deciding an absence, whose service asks who may")
def excuse(
    session: Session,
    subject: Actor,
    chosen: EnrollmentChoice,
    held: Sequence[tuple[Any, Meeting]],
    zone: ZoneInfo,
    *,
    note: str,
    by: int | None,
    unmarked_only: bool = False,
) -> int:
    """Mark these meetings excused whose roster is open or was, and give how many that are.

    `chosen` is the enrollment, locked. Whoever was there stays marked so, and so does whoever has hours of their own;
    `unmarked_only` leaves alone what anybody has marked, or taken back.
    """
    now = clock.now()
    events = []
    for record, meeting in held:
        if now < meeting.starts - OPENS_BEFORE:
            continue
        row = queries.locked_marks(session, record.id, meeting.starts, [chosen.id]).get(chosen.id)
        if row is not None and (unmarked_only or row.mark not in (None, Mark.ABSENT)):
            continue
        there = queries.during(session, [chosen.user_id], meeting.starts, meeting.ends)
        if any(one.source != ROSTER for one in there.get(chosen.user_id, ())):
            continue
        old = None if row is None else row.mark
        if row is None:
            row = ClassAttendance(
                class_id=record.id, enrollment_id=chosen.id, starts_at=meeting.starts, ends_at=meeting.ends
            )
            session.add(row)
        row.mark, row.note, row.marked_by, row.marked_at = Mark.EXCUSED.value, note, by, now
        session.flush()
        settle(session, subject, row, chosen, f"Excused in {record.code}", now, zone)
        events.append(
            {
                "target_id": row.id,
                "student_id": chosen.user_id,
                "enrollment_id": chosen.id,
                "reason": note,
                "class_id": record.id,
                "code": record.code,
                "starts_at": meeting.starts,
                "mark": [old, row.mark],
                "arrived_at": None,
                "left_at": None,
            }
        )
    history.record_all(session, subject, Action.CLASS_ATTENDANCE_MARKED, events)
    return len(events)
