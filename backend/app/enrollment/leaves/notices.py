"""What students are mailed about a leave of absence."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import history, mail
from app.core.actions import Action
from app.core.permissions import SYSTEM, internal
from app.enrollment import policies_in_force
from app.enrollment.leaves import queries
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats

_STEPS: Mapping[str, str] = {
    Action.LEAVE_REQUESTED: "requested",
    Action.LEAVE_RECORDED: "approved",
    Action.LEAVE_APPROVED: "approved",
    Action.LEAVE_DECLINED: "declined",
    Action.LEAVE_EXTENDED: "extended",
    Action.LEAVE_CANCELED: "canceled",
}
_DECISIONS = {"approved", "declined"}
"""The steps with a note of the office to the student."""


@internal("a mail about what happened to their own enrollment")
def send_notice(session: Session, leave_id: int, action: str, details: Mapping[str, Any]) -> None:
    """Mail the student that their leave was asked for, recorded, approved, declined, extended or canceled, with the
    days that it had then."""
    row = queries.for_mail(session, leave_id)
    step = _STEPS.get(action)
    if row is None or step is None:
        return
    leave = row.LeaveOfAbsence
    settings: Settings = session.info.get("settings") or get_settings()
    _send(
        session,
        settings,
        row,
        "leave",
        date.fromisoformat(details["starts_on"]),
        date.fromisoformat(details["return_on"]),
        step=step,
        note=leave.decision_note if step in _DECISIONS else None,
    )


@internal("the system's own work of every morning")
def remind(session: Session, settings: Settings, today: date) -> int:
    """Mail students whose return is near, once for each day of return; how many emails."""
    sent = 0
    days = policies_in_force.leave(session).values.remind_before_return_days
    for row in queries.to_remind(session, today, days) if days else ():
        leave = row.LeaveOfAbsence
        if not queries.mark_reminded(session, leave.id, leave.return_on):
            continue
        _send(session, settings, row, "leave_ends", leave.starts_on, leave.return_on)
        history.record(
            session,
            SYSTEM,
            Action.LEAVE_REMINDED,
            leave.id,
            student_id=leave.user_id,
            enrollment_id=leave.enrollment_id,
            starts_on=leave.starts_on,
            return_on=leave.return_on,
        )
        sent += 1
    return sent


def _send(
    session: Session,
    settings: Settings,
    row: Row[Any],
    template: str,
    starts_on: date,
    return_on: date,
    step: str | None = None,
    note: str | None = None,
) -> None:
    leave, email, full_name, program = row
    known = school.facts(session)
    mail.send(
        session,
        email,
        template,
        school=known.legal_name,
        name=full_name,
        program=program,
        starts_on=formats.day(starts_on, known.zone),
        return_on=formats.day(return_on, known.zone),
        page=f"{settings.app_origin}/leaves/{leave.id}",
        step=step,
        note=note,
    )
