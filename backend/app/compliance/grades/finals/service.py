"""Final grades: an instructor submits what the book comes to, somebody else approves it, and then it is locked."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.grades import policy, schemes
from app.compliance.grades.book import queries as book_queries
from app.compliance.grades.book import reading
from app.compliance.grades.book.schemas import BookView, StudentLine
from app.compliance.grades.finals import queries
from app.compliance.grades.finals.changes import ask_change, decide_change, waiting_changes
from app.compliance.grades.finals.schemas import FinalLine, FinalsView, OneFinal
from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Subject
from app.core.views import Part
from app.db.models import Enrollment, FinalGrade
from app.rules.grades import Scheme
from app.school import service as school
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "approve",
    "ask_change",
    "decide_change",
    "list_finals",
    "read_final",
    "read_finals",
    "send_back",
    "submit",
    "waiting_changes",
]


# Looking


def list_finals(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    class_id: int | None = None,
    program_id: int | None = None,
    status: str | None = None,
) -> Listing[Any]:
    """Final grades that this person may see. Sorts: student, class, percent, letter, day, status."""
    policy.require_list(subject)
    visible = policy.visible(session, subject, Enrollment.user_id)
    return queries.listing(session, paging, visible, class_id=class_id, program_id=program_id, status=status)


def read_finals(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> FinalsView:
    """The final grades of a class beside what its book comes to. Raises NotFound."""
    book = reading.view(session, subject, class_id, zone)
    known = queries.of_class(session, class_id)
    lines = []
    for student in book.students:
        final = known.get(student.enrollment_id)
        open_ = final is None or final.status == "returned"
        lines.append(FinalLine(student, final, _choices(book, student) if open_ else ()))
    return FinalsView(book, lines, may_submit=book.may_enter, may_approve=policy.may_approve(subject))


@views.opens(Part.GRADES, student=lambda found, _given: found.row.user_id, record=lambda found: found.row.id)
def read_final(session: Session, subject: Subject, final_grade_id: int, zone: ZoneInfo) -> OneFinal:
    """One final grade with its changes. Raises NotFound for other people's."""
    row = queries.one(session, final_grade_id)
    teaches = row is not None and classes.teaches(session, subject, row.class_id, zone)
    if row is None or not policy.may_read_final(session, subject, row.user_id, teaches=teaches):
        raise NotFound(policy.NO_GRADE)
    scheme = schemes.of_policy(session, row.policy_id)
    changes = queries.changes_of(session, final_grade_id)
    waits = any(one[0].decided_at is None for one in changes)
    concerned = policy.may_enter(subject, teaches=teaches) or policy.may_approve(subject)
    may_ask = row.status == "approved" and concerned and not waits and subject.user_id != row.user_id
    return OneFinal(
        row,
        scheme.after_deadline(row.letter, row.complete_by, clock.today(zone)),
        scheme.names,
        changes,
        may_ask=may_ask,
        may_decide=policy.may_approve(subject, row.user_id),
    )


def _choices(book: BookView, student: StudentLine) -> list[tuple[str, str]]:
    """What may be submitted: what the book comes to, or a letter that is no grade."""
    found = []
    if student.grade.letter is not None and student.left_on is None:
        found.append((student.grade.letter, f"{student.grade.letter} ({student.grade.percent}%)"))
    return found + [(name, f"{name} – {meaning}") for name, meaning in book.scheme.uncounted.items()]


# Submitting


def submit(
    session: Session, subject: Subject, class_id: int, letters: Mapping[int, str], zone: ZoneInfo
) -> list[FinalGrade]:
    """Submit final grades by enrollment, all or none: what the book comes to, or W, I, TR, P of the scheme.

    Raises Invalid for any other letter, Conflict for a grade that is submitted or approved already, NotFound for a
    student who does not sit in the class, Forbidden for one's own.
    """
    teaches = classes.teaches(session, subject, class_id, zone)
    policy.require_enter(subject, teaches=teaches)
    if book_queries.book_of(session, class_id, lock=True) is None:
        raise Conflict("This class has no grade book yet. Set it up first.")
    view = reading.view(session, subject, class_id, zone, list(letters))
    students = {one.enrollment_id: one for one in view.students}
    if set(letters) - set(students):
        raise NotFound("One of these students is not in this class. Nothing was saved; open the page again.")
    known = queries.locked(session, class_id, list(letters))
    in_force = schemes.on(session, clock.today(zone))
    school.policies.used(session, in_force)
    written = []
    for enrollment_id, letter in letters.items():
        student, former = students[enrollment_id], known.get(enrollment_id)
        require_not_own(subject, student.user_id, "grades")
        if former is not None and former.status != "returned":
            raise Conflict(
                f"The final grade of {student.full_name} is {former.status} already. Nothing was saved."
                + (" Request a grade change instead." if former.status == "approved" else "")
            )
        _require_fitting(view, student, letter)
        written.append(_write(session, subject, view, student, letter, former, in_force, zone))
    return written


def _require_fitting(view: BookView, student: StudentLine, letter: str) -> None:
    scheme: Scheme = view.scheme
    try:
        counted = scheme.points_of(letter) is not None
    except ValueError as error:
        raise _wrong(f"{student.full_name}: {error} Nothing was saved.") from None
    if not counted:
        return
    if student.grade.letter is None:
        raise _wrong(
            f"Nothing that counts has been graded for {student.full_name}, so no {letter} can be submitted. Nothing "
            "was saved."
        )
    if letter != student.grade.letter:
        raise _wrong(
            f"The grade book comes to {student.grade.letter} ({student.grade.percent}%) for {student.full_name}. "
            f"Correct the scores if {letter} is right. Nothing was saved."
        )


def _write(
    session: Session,
    subject: Subject,
    view: BookView,
    student: StudentLine,
    letter: str,
    former: FinalGrade | None,
    in_force: schemes.Dated,
    zone: ZoneInfo,
) -> FinalGrade:
    today = clock.today(zone)
    counted = view.scheme.points_of(letter) is not None
    row = former or FinalGrade(class_id=view.record.id, enrollment_id=student.enrollment_id)
    row.letter, row.percent = letter, student.grade.percent if counted else None
    row.gpa_weight, row.policy_id, row.graded_on = view.gpa_weight, in_force.id, today
    incomplete = letter == view.scheme.incomplete
    row.complete_by = today + timedelta(days=view.scheme.incomplete_days) if incomplete else None
    row.explanation = student.grade.explanation if counted else view.scheme.uncounted[letter]
    row.status, row.submitted_by, row.submitted_at = "submitted", subject.user_id, clock.now()
    row.decided_by, row.decided_at, row.note = None, None, None
    queries.add(session, row)
    _record(session, subject, Action.FINAL_GRADE_SUBMITTED, row, student.user_id, view.record.code)
    return row


# Deciding


def approve(
    session: Session, subject: Subject, class_id: int, final_grade_ids: Collection[int], zone: ZoneInfo
) -> None:
    """Approve submitted grades of a class, all or none: from then on they are locked.

    Raises Conflict for one that is not submitted, that the person submitted, or that the book no longer comes to;
    NotFound for one of another class.
    """
    found = _submitted(session, subject, class_id, final_grade_ids, zone)
    numbers = [row.enrollment_id for row, _ in found]
    book = reading.view(session, subject, class_id, zone, numbers)
    lines = {line.enrollment_id: line for line in book.students}
    for row, listed in found:
        if row.submitted_by == subject.user_id:
            raise Conflict(
                f"You submitted the grade of {listed.full_name}, so someone else must approve it. Nothing was saved."
            )
        _require_current(book, lines.get(row.enrollment_id), row, listed.full_name)
        row.status, row.decided_by, row.decided_at = "approved", subject.user_id, clock.now()
        session.flush()
        _record(session, subject, Action.FINAL_GRADE_APPROVED, row, listed.user_id, listed.code)


def _require_current(book: BookView, line: StudentLine | None, row: FinalGrade, name: str) -> None:
    """Raises Conflict when scores have changed since the grade was submitted; as of its day, whatever the day is."""
    if row.percent is None or line is None:
        return
    scores = [cell.score for cell in line.cells.values()]
    now = reading.grade_of(book.categories, book.items, scores, book.scheme, row.graded_on).percent
    if now != row.percent:
        comes_to = "nothing" if now is None else f"{now}%"
        raise Conflict(
            f"The scores of {name} have changed since {row.letter} ({row.percent}%) was submitted: the grade book now "
            f"comes to {comes_to}. Nothing was saved. Return the grade to the instructor, who submits it again."
        )


def send_back(
    session: Session,
    subject: Subject,
    class_id: int,
    final_grade_ids: Collection[int],
    note: str,
    zone: ZoneInfo,
) -> None:
    """Return submitted grades to the instructor, with the reason, all or none."""
    for row, listed in _submitted(session, subject, class_id, final_grade_ids, zone):
        row.status, row.decided_by, row.decided_at, row.note = (
            "returned",
            subject.user_id,
            clock.now(),
            note,
        )
        session.flush()
        _record(session, subject, Action.FINAL_GRADE_RETURNED, row, listed.user_id, listed.code, reason=note)


def _submitted(
    session: Session, subject: Subject, class_id: int, numbers: Collection[int], zone: ZoneInfo
) -> Sequence[tuple[FinalGrade, Any]]:
    policy.require_approve(subject)
    reading.found_class(session, subject, class_id, zone)
    # Whoever enters scores meanwhile waits, and then finds what was decided.
    book_queries.book_of(session, class_id, lock=True)
    rows = [row for row in queries.by_numbers(session, set(numbers)) if row.class_id == class_id]
    if len(rows) != len(set(numbers)):
        raise NotFound("One of these grades is not of this class. Nothing was saved; open the page again.")
    listed = queries.of_class(session, class_id)
    found = []
    for row in rows:
        person = listed[row.enrollment_id]
        policy.require_approve(subject, person.user_id)
        if row.status != "submitted":
            raise Conflict(f"The grade of {person.full_name} is {row.status} already. Nothing was saved.")
        found.append((row, person))
    return found


def _record(
    session: Session,
    subject: Subject,
    action: Action,
    row: FinalGrade,
    student_id: int,
    code: str,
    reason: str | None = None,
) -> None:
    history.record(
        session,
        subject,
        action,
        row.id,
        student_id=student_id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        class_id=row.class_id,
        code=code,
        letter=row.letter,
        percent=row.percent,
        graded_on=row.graded_on,
    )


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError("letters", sentence)])
