"""The hours that a program asks for, as a requirement for graduation."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance.totals import queries as totals
from app.enrollment import service as enrollment
from app.enrollment.service import Candidate
from app.rules.graduation import Requirement, State
from app.web import formats


def _hours(
    session: Session, candidates: Sequence[Candidate], today: date, _zone: ZoneInfo
) -> dict[int, Requirement]:
    counted = [one for one in candidates if one.clock_hours]
    sums = totals.of_enrollments(session, [one.enrollment_id for one in counted], today + timedelta(days=1))
    found = {}
    for one in counted:
        transferred = sums.transferred.get(one.enrollment_id, 0)
        minutes = sums.attended.get(one.enrollment_id, 0) + transferred
        required = (one.clock_hours or 0) * 60
        done, wanted = formats.duration_minutes(minutes), formats.duration_minutes(required)
        left = formats.duration_minutes(required - minutes)
        found[one.enrollment_id] = Requirement(
            "hours",
            "Hours",
            State.MET if minutes >= required else State.MISSING,
            f"{done} "
            + (
                f"completed, {formats.duration_minutes(transferred)} of them at another school"
                if transferred
                else "attended"
            )
            + f"; the program requires {wanted}."
            + ("" if minutes >= required else f" {left} to go."),
            f"{done} of {wanted}",
            f"/people/{one.user_id}",
        )
    return found


enrollment.register_requirement("hours", _hours, order=20)
