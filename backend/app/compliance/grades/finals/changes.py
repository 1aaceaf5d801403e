"""Changes to a final grade that is locked: one person asks with a reason, another decides; the old value stays."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.grades import policy, schemes
from app.compliance.grades.finals import queries
from app.compliance.grades.finals.schemas import ChangeForm
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Subject
from app.db.models import GradeChange
from app.web import formats


def waiting_changes(session: Session, subject: Subject) -> Sequence[Any]:
    """Requests that wait for a decision, the oldest first, for those who read all grades."""
    policy.require_list_all(subject)
    return queries.waiting(session)


def ask_change(
    session: Session, subject: Subject, final_grade_id: int, values: ChangeForm, zone: ZoneInfo
) -> GradeChange:
    """Ask for another letter of an approved final grade. The grade stays as it is until somebody else decides.

    Raises Invalid for a letter outside the scheme of the grade's day, or a percentage that has another one; Conflict
    for a grade that is not approved, or that has a request waiting; NotFound, Forbidden.
    """
    row = queries.one(session, final_grade_id)
    teaches = row is not None and classes.teaches(session, subject, row.class_id, zone)
    if row is None or not policy.may_read_final(session, subject, row.user_id, teaches=teaches):
        raise NotFound(policy.NO_GRADE)
    require_not_own(subject, row.user_id, "grades")
    if not policy.may_approve(subject):
        policy.require_enter(subject, teaches=teaches)
    if row.status != "approved":
        raise Conflict(
            f"This grade is {row.status} and not locked yet; it is changed in the grade book. Nothing was saved."
        )
    scheme = schemes.of_policy(session, row.policy_id)
    try:
        counted = scheme.points_of(values.letter) is not None
    except ValueError as error:
        raise _wrong("letter", str(error)) from None
    if values.percent is not None and (
        not counted or scheme.letter_for(values.percent).name != values.letter
    ):
        raise _wrong("percent", f"{values.percent}% is not {values.letter} in the scheme of that day.")
    today = clock.today(zone)
    until = values.complete_by if values.letter == scheme.incomplete else None
    if values.letter == scheme.incomplete and (until is None or until < today):
        raise _wrong(
            "complete_by", f"Enter the last day for the incomplete, {formats.day(today, zone)} or later."
        )
    if values.letter == row.letter and until == row.complete_by and values.percent in (None, row.percent):
        raise _wrong("letter", f"The grade is {row.letter} already.")
    change = GradeChange(
        final_grade_id=final_grade_id,
        old_letter=row.letter,
        letter=values.letter,
        percent=values.percent,
        policy_id=row.policy_id,
        complete_by=until,
        reason=values.reason,
        asked_by=subject.user_id,
    )
    queries.add(session, change)
    _record(session, subject, Action.GRADE_CHANGE_REQUESTED, change, row, values.reason)
    return change


def decide_change(
    session: Session, subject: Subject, change_id: int, *, approved: bool, note: str | None
) -> GradeChange:
    """Decide a request. Raises Forbidden for who asked and for one's own grade, Conflict for one that is decided."""
    policy.require_approve(subject)
    change = queries.change(session, change_id)
    row = queries.one(session, change.final_grade_id) if change is not None else None
    if change is None or row is None or not policy.may_read(session, subject, row.user_id):
        raise NotFound("There is no such request.")
    policy.require_approve(subject, row.user_id)
    if change.asked_by == subject.user_id:
        raise Forbidden("You asked for this change, so someone else must decide it. Nothing was saved.")
    if change.decided_at is not None:
        raise Conflict(f"This request was {change.outcome} already. Nothing was saved.")
    if not approved and not note:
        raise _wrong("note", "Enter a note for the person who asked: why it is declined.")
    change.decided_by, change.decided_at = subject.user_id, clock.now()
    change.outcome, change.note = "approved" if approved else "declined", note
    session.flush()
    action = Action.GRADE_CHANGE_APPROVED if approved else Action.GRADE_CHANGE_DECLINED
    _record(session, subject, action, change, row, note)
    return change


def _record(
    session: Session, subject: Subject, action: Action, change: GradeChange, row: Any, reason: str | None
) -> None:
    history.record(
        session,
        subject,
        action,
        change.id,
        student_id=row.user_id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        class_id=row.class_id,
        code=row.code,
        final_grade_id=row.id,
        letter=[change.old_letter, change.letter],
    )


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
