"""What of attendance waits for the office, for the queue."""

from datetime import date
from typing import Any

from sqlalchemy import Interval, Select, cast
from sqlalchemy.orm import Session

from app.compliance.attendance import policies_in_force, policy, queries
from app.compliance.attendance.absences import deciders
from app.compliance.attendance.absences import queries as absences
from app.compliance.attendance.corrections import queries as corrections
from app.compliance.attendance.kiosk import queries as kiosk
from app.core import clock
from app.core.permissions import Permission, Subject
from app.db.models import AbsenceRequest, AttendanceCorrection, KioskPunch
from app.school import service as school
from app.web import queue
from app.web.queue import QueueKind


def _missing(session: Session, subject: Subject, _today: date) -> Select[Any]:
    longest = policies_in_force.longest_entry(
        policies_in_force.of(session, clock.now(), school.facts(session).zone)
    )
    return queries.to_correct(policy.visible(session, subject), queue.NOW - cast(longest, Interval))


def _absences(session: Session, subject: Subject, _today: date) -> Select[Any]:
    visible = policy.visible(session, subject, AbsenceRequest.user_id)
    if not policy.may_list_all(subject):
        rows = absences.waiting(session, visible)
        visible = AbsenceRequest.id.in_(deciders.deciding(session, subject, rows, school.facts(session).zone))
    return absences.to_decide(visible, subject.user_id)


queue.register(
    QueueKind(
        "missing_clock_outs",
        "Records without a clock-out",
        Permission.ATTENDANCE_CORRECT,
        _missing,
        order=10,
    ),
    QueueKind(
        "attendance_corrections",
        "Corrections of hours to decide",
        Permission.ATTENDANCE_CORRECT,
        lambda session, subject, _today: corrections.to_decide(
            policy.visible(session, subject, AttendanceCorrection.user_id),
            subject.user_id,
            of_everybody=policy.may_list_all(subject),
        ),
        order=11,
    ),
    QueueKind(
        "absences",
        "Reported absences to decide",
        Permission.ATTENDANCE_EXCUSE,
        _absences,
        order=11,
        varies=lambda subject: not policy.may_list_all(subject),
    ),
    QueueKind(
        "kiosk_punches",
        "Punches at kiosks to look at",
        Permission.ATTENDANCE_CORRECT,
        lambda session, subject, _today: kiosk.to_decide(
            kiosk.visible_punches(
                session,
                policy.visible(session, subject, KioskPunch.user_id),
                everybody=policy.may_list_all(subject),
            )
        ),
        order=12,
    ),
)
