"""Checking off a class: the board, one attempt at a time, and attempts that do not count after all."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.grades.skills import policy, queries
from app.compliance.grades.skills.board import evidence
from app.compliance.grades.skills.schemas import (
    Attempt,
    AttemptView,
    Board,
    Member,
    OneAttempt,
    OneCheckOff,
    SkillLine,
    criteria_of,
    views_of,
)
from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileMissing, FileStore, claims
from app.core.permissions import Subject
from app.core.views import Part
from app.db.models import Enrollment, SchoolClass, SkillAttempt, SkillVersion, SkillVoid
from app.rules import skills as rules
from app.rules.skills import State
from app.web import formats

OLD_VERSION_FOR = timedelta(hours=12)
"""How long an attempt may still come by a rubric that was replaced: it was open on the tablet meanwhile."""
_ROOM = "compliance.skill_attempts"


# Looking


def read_board(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> Board:
    """A class's students by skills: five queries. Raises NotFound for another's class.

    Instructors see those who are in the class now, until it closes; who sees everybody also sees who has left.
    """
    teaches = classes.teaches(session, subject, class_id, zone)
    policy.require_read_class(subject, teaches=teaches)
    record = session.get(SchoolClass, class_id)
    if record is None:
        raise NotFound(policy.NO_CLASS)
    skills = queries.skills(session, record.program_id)
    # A skill is the program's: who has moved to another class is checked off there, and no longer seen from here.
    students = queries.members(session, class_id, policy.visible(session, subject, Enrollment.user_id))
    return Board(
        record,
        skills,
        students,
        queries.standings(session, [one.enrollment_id for one in students], skills),
        may_check_off=policy.may_check_off(subject, teaches=teaches),
    )


@views.opens(Part.GRADES, student=lambda found, _given: found.student.user_id)
def read_check_off(
    session: Session, subject: Subject, class_id: int, skill_id: int, enrollment_id: int, zone: ZoneInfo
) -> OneCheckOff:
    """One student and one skill of a class, with what was attempted before. Raises NotFound."""
    board = read_board(session, subject, class_id, zone)
    line, student = _place(board, skill_id, enrollment_id)
    numbers = [one.enrollment_id for one in board.students]
    after = board.students[numbers.index(enrollment_id) + 1 :]
    return OneCheckOff(
        board,
        line,
        student,
        views_of(queries.attempts_of(session, [enrollment_id], skill_id)),
        next(
            (one for one in after if board.standing(one.enrollment_id, line).state is not State.PASSED), None
        ),
    )


@views.opens(
    Part.GRADES,
    student=lambda found, _given: found.view.row.user_id,
    record=lambda found: found.view.row.SkillAttempt.id,
)
def read_attempt(session: Session, subject: Subject, attempt_id: int, zone: ZoneInfo) -> OneAttempt:
    """One attempt with its rubric. Raises NotFound for other people's."""
    row = _attempt(session, subject, attempt_id)
    teaches = classes.teaches(session, subject, row.SkillAttempt.class_id, zone)
    may_void = row.void_reason is None and policy.may_check_off(subject, row.user_id, teaches=teaches)
    return OneAttempt(AttemptView(row, criteria_of(row.SkillVersion)), may_void)


@views.opens(Part.GRADES, student=lambda found, _given: found[2], record=lambda found: found[3])
def read_evidence(
    session: Session, subject: Subject, store: FileStore, attempt_id: int, *, signature: bool = False
) -> tuple[bytes, str, int, int]:
    """The photo of an attempt, or its signature: bytes, media type, whose it is, number. Raises NotFound."""
    row = _attempt(session, subject, attempt_id)
    found: SkillAttempt = row.SkillAttempt
    sha256, media_type = (
        (found.signature_sha256, "image/png") if signature else (found.photo_sha256, found.photo_type)
    )
    if sha256 is None or media_type is None:
        raise NotFound("This attempt has none.")
    try:
        return store.read_bytes(sha256), media_type, row.user_id, attempt_id
    except FileMissing:
        raise NotFound("This picture is not in the file store. Ask the operator to restore it.") from None


# Recording


def check_off(
    session: Session,
    subject: Subject,
    store: FileStore,
    class_id: int,
    skill_id: int,
    enrollment_id: int,
    values: Attempt,
    zone: ZoneInfo,
) -> SkillAttempt:
    """Record an attempt. The same form sent twice is one attempt.

    Raises NotFound for another's class, Forbidden for one's own, Invalid for points outside the scale, a day in the
    future or outside the enrollment, and evidence that is no picture; Conflict where somebody else recorded an attempt
    since the person looked (`values.seen`), and for a rubric that is no longer used.
    """
    board = read_board(session, subject, class_id, zone)
    line, student = _place(board, skill_id, enrollment_id)
    teaches = classes.teaches(session, subject, class_id, zone)
    policy.require_check_off(subject, student.user_id, teaches=teaches)
    queries.lock_student(session, enrollment_id)
    known = queries.by_request(session, values.request)
    if known is not None:
        return _the_same(known, subject, skill_id, enrollment_id)
    _require_nothing_new(session, student, skill_id, values.seen, zone)
    version = _version(session, line, values.version_id)
    criteria = criteria_of(version)
    marks = _marks(values.marks, len(criteria))
    try:
        result = rules.result_of(criteria, marks, version.pass_pct)
    except ValueError as error:
        raise Invalid(str(error)) from None
    _require_day(values.performed_on, student, clock.today(zone), zone)
    if values.signature is None and not values.confirmed:
        raise _wrong("signature", "Sign in the box, or check the confirmation below it.")
    photo = evidence.photo(session, store, values.photo) if values.photo else None
    signed = evidence.signature(session, store, values.signature) if values.signature else None
    row = SkillAttempt(
        enrollment_id=enrollment_id,
        skill_id=skill_id,
        version_id=version.id,
        class_id=class_id,
        performed_on=values.performed_on,
        marks=marks,
        points=result.points,
        points_possible=result.possible,
        passed=result.passed,
        note=values.note,
        photo_sha256=photo[0].sha256 if photo else None,
        photo_type=photo[1] if photo else None,
        signature_sha256=signed.sha256 if signed else None,
        evaluator_id=subject.user_id,
        evaluator_name=subject.full_name,
        request=values.request,
        recorded_at=clock.now(),
    )
    queries.add(session, row)
    files = [photo] if photo else []
    files += [(signed, "image/png")] if signed else []
    claims.claim_all(session, files, room=_ROOM, row=row.id)
    history.record(
        session,
        subject,
        Action.SKILL_ATTEMPTED,
        row.id,
        student_id=student.user_id,
        enrollment_id=enrollment_id,
        class_id=class_id,
        skill_id=skill_id,
        skill=version.name,
        version=version.version,
        passed=row.passed,
        performed_on=row.performed_on,
    )
    return row


def void(session: Session, subject: Subject, attempt_id: int, reason: str, zone: ZoneInfo) -> SkillVoid:
    """Let an attempt not count, with the reason. It stays, and is shown as voided.

    Raises NotFound for other people's, Forbidden for those who do not check off the class and for one's own, Conflict
    for one that is voided already.
    """
    row = _attempt(session, subject, attempt_id)
    attempt: SkillAttempt = row.SkillAttempt
    teaches = classes.teaches(session, subject, attempt.class_id, zone)
    policy.require_check_off(subject, row.user_id, teaches=teaches)
    queries.lock_student(session, attempt.enrollment_id)
    again = queries.attempt(session, attempt_id)
    if again is None or again.void_reason is not None:
        raise Conflict("This attempt is voided already. Nothing was changed.")
    made = SkillVoid(attempt_id=attempt_id, reason=reason, voided_by=subject.user_id, voided_at=clock.now())
    queries.add(session, made)
    history.record(
        session,
        subject,
        Action.SKILL_VOIDED,
        attempt_id,
        student_id=row.user_id,
        enrollment_id=attempt.enrollment_id,
        reason=reason,
        skill_id=attempt.skill_id,
        skill=row.SkillVersion.name,
        passed=attempt.passed,
    )
    return made


# Helpers


def _place(board: Board, skill_id: int, enrollment_id: int) -> tuple[SkillLine, Member]:
    line = next((one for one in board.skills if one.id == skill_id), None)
    student = next((one for one in board.students if one.enrollment_id == enrollment_id), None)
    if line is None:
        raise NotFound(policy.NO_SKILL)
    if student is None:
        raise NotFound("This student is not in this class. Open the check-offs again.")
    return line, student


def _attempt(session: Session, subject: Subject, attempt_id: int) -> Any:
    row = queries.attempt(session, attempt_id)
    if row is None or not policy.may_read(session, subject, row.user_id):
        raise NotFound(policy.NO_ATTEMPT)
    return row


def _the_same(known: SkillAttempt, subject: Subject, skill_id: int, enrollment_id: int) -> SkillAttempt:
    if (known.evaluator_id, known.skill_id, known.enrollment_id) != (
        subject.user_id,
        skill_id,
        enrollment_id,
    ):
        raise Conflict("This form was used for another attempt. Nothing was saved; open the check-off again.")
    return known


def _require_nothing_new(session: Session, student: Member, skill_id: int, seen: int, zone: ZoneInfo) -> None:
    newest = queries.newest(session, student.enrollment_id, skill_id)
    if newest is not None and newest.id != seen:
        raise Conflict(
            f"{newest.evaluator_name} recorded an attempt of {student.full_name} at "
            f"{formats.clock_time(newest.recorded_at, zone)} while you had this open. Yours is not saved yet. If it is "
            "another attempt, sign and save again; otherwise go back."
        )


def _version(session: Session, line: SkillLine, version_id: int) -> SkillVersion:
    """The version that the form was opened with."""
    found = queries.version(session, version_id)
    if found is None or found.skill_id != line.id:
        raise NotFound(policy.NO_SKILL)
    replaced = queries.superseded_at(session, found)
    if replaced is not None and replaced < clock.now() - OLD_VERSION_FOR:
        raise Conflict(
            f"The rubric has changed since you opened it: it is now version {line.version.version}. Nothing was saved; "
            "open the check-off again."
        )
    return found


def _marks(given: Sequence[int | None], count: int) -> list[int]:
    marks = [mark for mark in given if mark is not None]
    if len(marks) != len(given) or len(given) != count:
        raise Invalid(f"Rate every criterion: {len(marks)} of {count} are rated. Nothing was saved.")
    return marks


def _require_day(day: date, student: Member, today: date, zone: ZoneInfo) -> None:
    if day > today:
        raise _wrong("performed_on", "This day is in the future. Enter the day of the attempt.")
    if day < student.first_day:
        raise _wrong(
            "performed_on",
            f"{student.full_name} enrolled on {formats.day(student.first_day, zone)}. Enter that day or a later one.",
        )
    if student.last_day is not None and day > student.last_day:
        raise _wrong(
            "performed_on",
            f"{student.full_name} left on {formats.day(student.last_day, zone)}. Enter that day or an earlier one.",
        )


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
