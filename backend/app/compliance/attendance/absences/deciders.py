"""Who decides a reported absence, and who reads why the student is absent, which may be medical.

The office decides any. An instructor decides those that lie in their own classes alone: a decision writes the marks of
every meeting of the absence, and nobody else marks the rosters of a class.
"""

from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance import policy
from app.compliance.attendance.absences import meetings
from app.core.permissions import Actor, Permission, Subject
from app.db.models import AbsenceRequest


def deciding(
    session: Session, subject: Actor, rows: Sequence[AbsenceRequest], zone: ZoneInfo
) -> Collection[int]:
    """Numbers of those among these absences that the person may decide, whatever state they are in, but for their own
    ones; a fixed number of queries, and one for each class. Days on which no class meets are the office's."""
    if not policy.may_excuse(subject):
        return ()
    if policy.may_list_all(subject) or not isinstance(subject, Subject):
        return {row.id for row in rows}
    covered = meetings.covered_classes(session, rows, zone)
    taught = {
        number: classes.teaches(session, subject, number, zone) for number in set().union(*covered.values())
    }
    return {row.id for row in rows if covered[row.id] and all(taught[number] for number in covered[row.id])}


def reading(
    session: Session, subject: Actor, rows: Sequence[AbsenceRequest], zone: ZoneInfo
) -> Collection[int]:
    """Numbers of those whose reason and document the person reads: the student, whoever may decide, and who reads
    withdrawals and leaves, for they read reasons of the same kind."""
    if subject.may(Permission.WITHDRAWALS_READ):
        return {row.id for row in rows}
    own = {row.id for row in rows if row.user_id == subject.user_id}
    return own | set(deciding(session, subject, [row for row in rows if row.id not in own], zone))
