"""Which students' records a person may know of: one rule behind every list, page, file and API.

Everybody knows of themselves. Who may read all students' records sees them all; an instructor sees the students of
their own classes, as the classes room registers them; others see nobody else. Deleted people are known to those alone
who may restore them. What somebody may not know of is not found, never forbidden.
"""

from collections.abc import Callable, Hashable
from datetime import date
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Actor, Permission, System
from app.settings import Settings, get_settings

_users = sa.table(
    "users",
    sa.column("id", sa.Integer),
    sa.column("role", sa.Text),
    sa.column("deleted_at", sa.DateTime(timezone=True)),
)


class Records(Enum):
    """A kind of record: what allows reading everybody's, and what those of one's own classes."""

    STUDENTS = (Permission.STUDENTS_READ_ALL, Permission.STUDENTS_READ_OWN_CLASSES)
    ATTENDANCE = (Permission.ATTENDANCE_READ_ALL, Permission.ATTENDANCE_READ_OWN_CLASSES)
    ENROLLMENTS = (Permission.ENROLLMENTS_READ_ALL, Permission.ENROLLMENTS_READ_OWN_CLASSES)
    EXTERNSHIPS = (Permission.EXTERNSHIPS_READ_ALL, Permission.EXTERNSHIPS_READ_OWN_CLASSES)
    GRADES = (Permission.GRADES_READ_ALL, Permission.GRADES_READ_OWN_CLASSES)
    SKILLS = (Permission.SKILLS_READ_ALL, Permission.SKILLS_READ_OWN_CLASSES)
    STATEMENTS = (Permission.LRS_READ_ALL, Permission.STUDENTS_READ_OWN_CLASSES)


OwnStudents = Callable[[int, date], sa.Select[tuple[int]]]
"""Account numbers of the students in the classes that the person with this number teaches on a day."""

_own_students: list[OwnStudents] = []


def register_own_students(select: OwnStudents) -> None:
    """Say whose students are whose; without it, nobody has any."""
    if select not in _own_students:
        _own_students.append(select)


def sees_all(subject: Actor, records: Records) -> bool:
    """Whether the person reads everybody's records of this kind, but for deleted people's."""
    return subject.may(records.value[0])


def sees_some(subject: Actor, records: Records) -> bool:
    """Whether the person reads other people's records of this kind at all."""
    return sees_all(subject, records) or subject.may(records.value[1])


def students(session: Session, subject: Actor, records: Records) -> sa.Select[tuple[int]] | None:
    """Account numbers of those whose records the person may read, as a subquery; None for everybody's."""
    if sees_all(subject, records) and subject.may(Permission.ACCOUNTS_MANAGE):
        return None
    found = sa.select(_users.c.id)
    if not subject.may(Permission.ACCOUNTS_MANAGE):
        found = found.where(_users.c.deleted_at.is_(None))
    if sees_all(subject, records):
        return found
    known: list[sa.ColumnElement[bool]] = [_users.c.id == subject.user_id]
    if subject.user_id is not None and subject.may(records.value[1]):
        settings: Settings = session.info.get("settings") or get_settings()
        today = clock.today(settings.zone)
        known += [_users.c.id.in_(select(subject.user_id, today)) for select in _own_students]
    return found.where(sa.or_(*known))


def limit(session: Session, subject: Actor, records: Records, column: Any) -> sa.ColumnElement[bool]:
    """The condition that a column of account numbers holds somebody whose records the person may read."""
    visible = students(session, subject, records)
    return sa.true() if visible is None else column.in_(visible)


def kept_as(session: Session, subject: Actor, records: Records) -> Hashable | None:
    """All that `students` and `limit` depend on: with the same, a statement that was kept says the same.

    None for students, of whom there are too many for each to have statements of their own.
    """
    everybody, manages = sees_all(subject, records), subject.may(Permission.ACCOUNTS_MANAGE)
    if everybody or isinstance(subject, System):
        return everybody, manages
    settings: Settings = session.info.get("settings") or get_settings()
    return None if subject.is_student else (*subject.sees_as, clock.today(settings.zone))


def may_see(session: Session, subject: Actor, records: Records, user_id: int) -> bool:
    """Whether the person may read this one student's records."""
    if user_id == subject.user_id:
        return True
    visible = students(session, subject, records)
    if visible is None:
        return True
    return bool(session.scalar(sa.select(sa.exists(visible.where(_users.c.id == user_id)))))


def student_or_none(session: Session, user_id: int | None) -> int | None:
    """The number, if the account is a student's."""
    if user_id is None:
        return None
    return session.scalar(
        sa.select(_users.c.id).where(_users.c.id == user_id, sa.cast(_users.c.role, sa.Text) == "student")
    )
