"""Every SQL statement about final grades and changes to them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict, register_invalid
from app.core.search import matches
from app.db.models import Enrollment, FinalGrade, GradeChange, Module, Program, SchoolClass, User
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_conflict("uq_grade_changes_open", "A change of this grade is waiting for a decision already.")
register_conflict(
    "check_final_grades_locked", "This final grade is approved and locked. Request a grade change instead."
)
register_conflict("check_final_grades_two_people", "Who submitted a grade does not approve it.")
register_conflict("check_grade_changes_two_people", "Who asked for a change does not decide it.")
register_invalid("check_final_grades_percent", "A grade lies between 0 and 100 percent.", "percent")

_Submitter, _Decider = aliased(User), aliased(User)


def _latest(column: Any) -> Any:
    """A column of the latest approved change of a final grade; NULL where it was never changed."""
    return (
        select(column)
        .where(GradeChange.final_grade_id == FinalGrade.id, GradeChange.outcome == "approved")
        .order_by(GradeChange.decided_at.desc(), GradeChange.id.desc())
        .limit(1)
        .correlate(FinalGrade)
        .scalar_subquery()
    )


_CHANGED = _latest(GradeChange.letter)
LETTER = func.coalesce(_CHANGED, FinalGrade.letter)
"""The letter that counts."""


def _with_letter(changed: Any, first: Any) -> Any:
    """What belongs to the letter that counts: the latest change's own, also where it has none."""
    return case((_CHANGED.is_not(None), _latest(changed)), else_=first)


PERCENT = _with_letter(GradeChange.percent, FinalGrade.percent)
"""The percentage of the letter that counts; NULL where it has none."""


def _listed() -> Select[Any]:
    return (
        select(
            FinalGrade.id,
            FinalGrade.class_id,
            FinalGrade.enrollment_id,
            Enrollment.user_id,
            Enrollment.program_id,
            User.full_name,
            SchoolClass.code,
            SchoolClass.name.label("class_name"),
            SchoolClass.module_id,
            Program.name.label("program"),
            Module.name.label("module"),
            FinalGrade.letter.label("first_letter"),
            LETTER.label("letter"),
            _CHANGED.is_not(None).label("changed"),
            FinalGrade.percent.label("first_percent"),
            PERCENT.label("percent"),
            _with_letter(GradeChange.complete_by, FinalGrade.complete_by).label("complete_by"),
            FinalGrade.gpa_weight,
            FinalGrade.policy_id,
            FinalGrade.graded_on,
            FinalGrade.explanation,
            FinalGrade.status,
            FinalGrade.submitted_by,
            _Submitter.full_name.label("submitter"),
            FinalGrade.submitted_at,
            _Decider.full_name.label("decider"),
            FinalGrade.decided_at,
            FinalGrade.note,
        )
        .join(Enrollment, Enrollment.id == FinalGrade.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(SchoolClass, SchoolClass.id == FinalGrade.class_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(Module, Module.id == SchoolClass.module_id)
        .outerjoin(_Submitter, _Submitter.id == FinalGrade.submitted_by)
        .outerjoin(_Decider, _Decider.id == FinalGrade.decided_by)
    )


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    *,
    class_id: int | None = None,
    program_id: int | None = None,
    status: str | None = None,
) -> Listing[Any]:
    """Final grades, the newest first unless sorted otherwise; deleted people are left out."""
    statement = _listed().where(visible, User.deleted_at.is_(None))
    statement = statement.where(*matches(paging.q, User.search_text, SchoolClass.code, SchoolClass.name))
    if class_id is not None:
        statement = statement.where(FinalGrade.class_id == class_id)
    if program_id is not None:
        statement = statement.where(Enrollment.program_id == program_id)
    if status is not None:
        statement = statement.where(FinalGrade.status == status)
    order = paging.order(
        {
            "student": func.lower(User.full_name),
            "class": func.lower(SchoolClass.code),
            "percent": PERCENT,
            "letter": LETTER,
            "day": FinalGrade.graded_on,
            "status": FinalGrade.status,
        },
        "-day",
    )
    return Listing(session, statement.order_by(order, FinalGrade.id.desc()), paging)


def of_class(session: Session, class_id: int) -> dict[int, Row[Any]]:
    """The final grades of a class by enrollment."""
    rows = session.execute(_listed().where(FinalGrade.class_id == class_id)).all()
    return {row.enrollment_id: row for row in rows}


def of_enrollments(session: Session, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Approved final grades of these enrollments, oldest first."""
    return session.execute(
        _listed()
        .where(FinalGrade.enrollment_id.in_(enrollment_ids), FinalGrade.status == "approved")
        .order_by(FinalGrade.graded_on, FinalGrade.id)
    ).all()


def one(session: Session, final_grade_id: int) -> Row[Any] | None:
    """One final grade as a list shows it."""
    return session.execute(_listed().where(FinalGrade.id == final_grade_id)).one_or_none()


def locked(session: Session, class_id: int, enrollment_ids: Collection[int]) -> Mapping[int, FinalGrade]:
    """The final grades of these enrollments in a class, by enrollment; nobody else changes them meanwhile."""
    rows = session.scalars(
        select(FinalGrade)
        .where(FinalGrade.class_id == class_id, FinalGrade.enrollment_id.in_(enrollment_ids))
        .order_by(FinalGrade.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.enrollment_id: row for row in rows}


def by_numbers(session: Session, numbers: Collection[int]) -> Sequence[FinalGrade]:
    """Final grades by their numbers, locked."""
    return session.scalars(
        select(FinalGrade)
        .where(FinalGrade.id.in_(numbers))
        .order_by(FinalGrade.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


# Changes


def changes_of(session: Session, final_grade_id: int) -> Sequence[Row[Any]]:
    """GradeChange, who asked and who decided, the newest first."""
    return session.execute(
        select(GradeChange, _Submitter.full_name.label("asker"), _Decider.full_name.label("decider"))
        .outerjoin(_Submitter, _Submitter.id == GradeChange.asked_by)
        .outerjoin(_Decider, _Decider.id == GradeChange.decided_by)
        .where(GradeChange.final_grade_id == final_grade_id)
        .order_by(GradeChange.id.desc())
    ).all()


def change(session: Session, change_id: int) -> GradeChange | None:
    """A request by its number, locked."""
    return session.scalars(
        select(GradeChange)
        .where(GradeChange.id == change_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def waiting(session: Session) -> Sequence[Row[Any]]:
    """GradeChange, the student, the class and who asked, of requests that wait; the oldest first."""
    return session.execute(
        select(
            GradeChange,
            User.full_name,
            Enrollment.user_id,
            SchoolClass.code,
            _Submitter.full_name.label("asker"),
        )
        .join(FinalGrade, FinalGrade.id == GradeChange.final_grade_id)
        .join(Enrollment, Enrollment.id == FinalGrade.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(SchoolClass, SchoolClass.id == FinalGrade.class_id)
        .outerjoin(_Submitter, _Submitter.id == GradeChange.asked_by)
        .where(GradeChange.decided_at.is_(None), User.deleted_at.is_(None))
        .order_by(GradeChange.asked_at, GradeChange.id)
    ).all()


# Waiting, for the queue


def classes_to_approve(visible: ColumnElement[bool]) -> Select[Any]:
    """Classes with final grades that wait for approval; since the oldest of them."""
    return (
        select(
            *line(
                number=SchoolClass.id,
                about=func.min(SchoolClass.code),
                what=func.concat(func.count(), " final grades of ", func.min(SchoolClass.name)),
                since=func.min(FinalGrade.submitted_at),
                href=func.concat("/classes/", SchoolClass.id, "/grades/final"),
            )
        )
        .select_from(FinalGrade)
        .join(SchoolClass, SchoolClass.id == FinalGrade.class_id)
        .join(Enrollment, Enrollment.id == FinalGrade.enrollment_id)
        .where(FinalGrade.status == "submitted", visible)
        .group_by(SchoolClass.id)
    )


def changes_to_decide(visible: ColumnElement[bool]) -> Select[Any]:
    """Grade changes that wait for a decision."""
    return (
        select(
            *line(
                number=GradeChange.id,
                student_id=Enrollment.user_id,
                about=User.full_name,
                what=func.concat(
                    GradeChange.old_letter, " to ", GradeChange.letter, " in ", SchoolClass.code
                ),
                since=GradeChange.asked_at,
                href=func.concat("/grades/", FinalGrade.id),
            )
        )
        .select_from(GradeChange)
        .join(FinalGrade, FinalGrade.id == GradeChange.final_grade_id)
        .join(Enrollment, Enrollment.id == FinalGrade.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(SchoolClass, SchoolClass.id == FinalGrade.class_id)
        .where(GradeChange.decided_at.is_(None), User.deleted_at.is_(None), visible)
    )
