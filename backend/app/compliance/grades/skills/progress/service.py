"""What students have passed: one student's skills, the lists of the school, and what graduation asks."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.grades.skills import policy, queries
from app.compliance.grades.skills.progress import queries as lists
from app.compliance.grades.skills.schemas import Missing, SkillLine, StudentSkill, StudentSkills, views_of
from app.core import mail, views
from app.core.errors import NotFound
from app.core.permissions import Subject, internal
from app.core.views import Part
from app.db.models import Enrollment, SkillAttempt, User
from app.enrollment import service as enrollment
from app.rules.skills import Standing
from app.school import service as school
from app.settings import Settings, get_settings
from app.web.listing import Listing
from app.web.paging import Paging

ONE_NOTICE_IN = timedelta(hours=12)
"""A class goes through many skills in a day; the student is mailed once."""


@views.opens(Part.GRADES, student="user_id")
def skills_of(session: Session, subject: Subject, user_id: int) -> list[StudentSkills]:
    """A student's skills with every attempt, by enrollment. Raises NotFound for another's."""
    policy.require_read(session, subject, user_id)
    listed = enrollment.list_enrollments(session, subject, Paging(per_page=200), user_id=user_id).page().items
    if not listed and user_id != subject.user_id:
        raise NotFound(policy.NO_STUDENT)
    return of_enrollments(session, listed)


@internal("a step of what was allowed before: pages and documents of one student")
def of_enrollments(session: Session, enrollments: Sequence[Any]) -> list[StudentSkills]:
    """The skills of each of these enrollments: those in the list, and archived ones that were attempted."""
    attempts = views_of(queries.attempts_of(session, [one.id for one in enrollments]))
    lists: dict[int, list[SkillLine]] = {}
    found = []
    for one in enrollments:
        if one.program_id not in lists:
            lists[one.program_id] = queries.skills(session, one.program_id, archived=True)
        own = [view for view in attempts if view.row.SkillAttempt.enrollment_id == one.id]
        lines = []
        for line in lists[one.program_id]:
            tried = [view for view in own if view.row.SkillAttempt.skill_id == line.id]
            if line.skill.archived_at is not None and not tried:
                continue
            counted = [view.row.SkillAttempt.passed for view in tried if view.counts]
            standing = Standing(len(counted), sum(counted), line.version.required_passes)
            lines.append(StudentSkill(line, standing, tried))
        found.append(StudentSkills(one, lines))
    return found


@internal("a step of what was allowed before: what stands between students and graduation")
def missing(session: Session, enrollment_ids: Collection[int]) -> dict[int, Missing]:
    """How many skills each enrollment has not passed, of how many: one query. Its text is for a checklist."""
    return {
        number: Missing(*counted) for number, counted in lists.missing_of(session, enrollment_ids).items()
    }


def list_students(
    session: Session,
    subject: Subject,
    paging: Paging,
    *,
    program_id: int | None = None,
    class_id: int | None = None,
    standing: str | None = None,
) -> Listing[Any]:
    """How many skills each student has passed. Sorts: student, program, passed, missing, last."""
    policy.require_list(subject)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return lists.students(
        session, paging, visible, program_id=program_id, class_id=class_id, standing=standing
    )


def list_attempts(
    session: Session,
    subject: Subject,
    paging: Paging,
    *,
    program_id: int | None = None,
    class_id: int | None = None,
    outcome: str | None = None,
) -> Listing[Any]:
    """Attempts that this person may see. Sorts: student, skill, class, evaluator, day."""
    policy.require_list(subject)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return lists.listing(session, paging, visible, program_id=program_id, class_id=class_id, outcome=outcome)


# Notices


@internal("follows from an entry of the history, which says that an attempt was recorded or voided")
def send_notice(session: Session, attempt_id: int, *, voided: bool = False) -> None:
    """Mail the student that attempts were recorded, once in twelve hours; or that one was voided, and why.

    The mail names no result: it may be read over a shoulder, and the page says it all.
    """
    row = queries.attempt(session, attempt_id)
    if row is None:
        return
    attempt: SkillAttempt = row.SkillAttempt
    since = attempt.recorded_at - ONE_NOTICE_IN
    if not voided and queries.recorded_before(session, attempt, since):
        return
    settings: Settings = session.info.get("settings") or get_settings()
    student = session.get_one(User, row.user_id)
    mail.send(
        session,
        student.email,
        "skill_attempt_voided" if voided else "skills_checked_off",
        school=school.facts(session).legal_name,
        name=student.full_name,
        skill=row.SkillVersion.name,
        reason=row.void_reason or "",
        page=f"{settings.app_origin}/skills/students/{row.user_id}",
    )
