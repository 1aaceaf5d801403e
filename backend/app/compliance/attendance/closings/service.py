"""Closing the hours up to a day, once everything in them is settled."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import checks, policy
from app.compliance.attendance.absences import queries as absences
from app.compliance.attendance.closings import queries
from app.compliance.attendance.closings.schemas import ClosingForm
from app.compliance.attendance.corrections import queries as corrections
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Subject
from app.db.models import AttendanceClosing
from app.rules import hours
from app.web import formats

_NAMED = 5
LOOKED_BACK = timedelta(days=60)
"""A roster mark that made no hours by then never will."""


def list_closings(session: Session, subject: Subject) -> Sequence[Any]:
    """Every closing with the name of who closed, the newest first."""
    policy.require_list(subject)
    return queries.closings(session)


def close(session: Session, subject: Subject, values: ClosingForm, zone: ZoneInfo) -> AttendanceClosing:
    """Make the hours up to a day final.

    Raises Forbidden; Invalid for a day that is not over or closed already; Conflict while records have no clock-out,
    meetings are not worked out, or requests wait in it.
    """
    policy.require_close(subject)
    if values.through >= clock.today(zone):
        raise checks.wrong(
            "through", "Choose a day that is over: the hours of today are still being recorded."
        )
    ends = hours.day_bounds(values.through, values.through, zone)[1]
    # Nobody clocks in or out for the moment, so that what is counted here is what is closed.
    queries.lock_attendance(session)
    before = queries.closed_before(session)
    if before is not None and ends <= before:
        raise checks.wrong(
            "through",
            f"The hours up to {formats.day(before - timedelta(seconds=1), zone)} are closed already.",
        )
    _require_settled(session, ends, zone)
    row = AttendanceClosing(
        through=values.through,
        ends_at=ends,
        note=values.note,
        closed_by=subject.user_id,
        closed_at=clock.now(),
    )
    session.add(row)
    session.flush()
    history.record(
        session,
        subject,
        Action.ATTENDANCE_PERIOD_CLOSED,
        row.id,
        reason=values.note,
        through=values.through,
    )
    return row


def _named(marks: Sequence[Any], zone: ZoneInfo) -> str:
    """Whose marks they are and of which meetings, so that somebody can open the roster."""
    named = [
        f"{one.student} in {one.code}, {formats.local_time(one.starts_at, zone)}" for one in marks[:_NAMED]
    ]
    rest = f"; and {len(marks) - _NAMED:,} more" if len(marks) > _NAMED else ""
    return f" ({'; '.join(named)}{rest})"


def _require_settled(session: Session, ends: datetime, zone: ZoneInfo) -> None:
    day = formats.day(ends - timedelta(seconds=1), zone)
    marks = queries.unsettled_before(session, ends, clock.now() - LOOKED_BACK)
    for count, one, many in (
        (queries.unfinished_before(session, ends), "record has no clock-out", "records have no clock-out"),
        (
            len(marks),
            f"roster mark has no hours yet{_named(marks, zone)}",
            f"roster marks have no hours yet{_named(marks, zone)}",
        ),
        (
            corrections.waiting_before(session, ends),
            "request for a correction waits for a decision",
            "requests for corrections wait for a decision",
        ),
        (
            absences.waiting_before(session, clock.local(ends, zone).date()),
            "reported absence waits for a decision",
            "reported absences wait for a decision",
        ),
    ):
        if count:
            raise Conflict(
                f"Up to {day}, {count:,} {one if count == 1 else many}. Nothing was closed; settle that first."
            )
