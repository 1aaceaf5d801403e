"""Lessons completed, and the progress that follows: with the enrollment locked, in the event's own transaction."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Subject, internal
from app.db.models import Enrollment, EnrollmentStatus, LessonCompletion
from app.enrollment import policy, queries, study_access
from app.enrollment.completions import queries as completion_queries
from app.enrollment.completions import self_marked
from app.rules.progress import Progress, progress_of_counts

__all__ = [
    "CompletionOutcome",
    "completions_of",
    "is_lesson_done",
    "lesson_scores",
    "mark_lesson",
    "record_lesson_completion",
    "withdraw_lesson_completion",
]

Source = Literal["content", "student", "staff", "grade"]
_OWN_WORD = ("content", "student")
"""Whose word comes from the student’s own browser."""
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CompletionOutcome:
    """What became of a reported completion.

    `counted` is False when the enrollment is no longer active: nothing was written. `new` is True the first time
    a lesson is completed. `progress_pct` is the enrollment's progress afterwards.
    """

    counted: bool
    new: bool
    progress_pct: int


@internal("a step of what the content reported or somebody who may attested")
def record_lesson_completion(
    session: Session,
    *,
    enrollment_id: int,
    lesson_id: int,
    source: Source,
    score_pct: Decimal | int | float | None,
    at: datetime,
    subject: Subject | None = None,
    held: Enrollment | None = None,
) -> CompletionOutcome:
    """Write that a lesson is completed, and the enrollment's progress with it.

    A lesson that needs a check in person is completed by staff alone, whatever its content or the student says.
    Safe to repeat: the first completion's moment and source stay, the best score is kept. An enrollment that is
    no longer active is not changed (`counted` is False). NotFound for an enrollment that does not exist or a lesson
    that is not of its program; Invalid for a score outside 0 to 100.
    `held` is the enrollment, if the caller has it locked and knows that the lesson is of its program.
    """
    score = _score(score_pct)
    record = found(session, enrollment_id, lock=True) if held is None else held
    if held is None and completion_queries.lesson_in_program(session, lesson_id, record.program_id) is None:
        raise NotFound("This lesson is not part of the enrollment's program.")
    if record.status is not EnrollmentStatus.ACTIVE:
        return CompletionOutcome(counted=False, new=False, progress_pct=record.progress_pct or 0)

    known = completion_queries.completion(session, enrollment_id, lesson_id)
    if known is not None:
        if score is not None and (known.score_pct is None or score > known.score_pct):
            former = known.score_pct
            known.score_pct = score
            session.flush()
            history.record(
                session,
                subject,
                Action.LESSON_COMPLETION_IMPROVED,
                known.id,
                student_id=record.user_id,
                enrollment_id=enrollment_id,
                occurred_at=at,
                lesson_id=lesson_id,
                score_pct=[former, score],
            )
        return CompletionOutcome(counted=True, new=False, progress_pct=record.progress_pct or 0)

    if source in _OWN_WORD and completion_queries.needs_check(session, lesson_id):
        # Evidence that it is ready to be checked, and no more: somebody has to see it.
        return CompletionOutcome(counted=True, new=False, progress_pct=record.progress_pct or 0)
    written = LessonCompletion(
        enrollment_id=enrollment_id, lesson_id=lesson_id, completed_at=at, source=source, score_pct=score
    )
    session.add(written)
    session.flush()
    result = progress_of(session, record)
    before, record.progress_pct = record.progress_pct or 0, result.percent
    session.flush()
    history.record(
        session,
        subject,
        Action.LESSON_COMPLETED,
        written.id,
        student_id=record.user_id,
        enrollment_id=enrollment_id,
        occurred_at=at,
        lesson_id=lesson_id,
        source=source,
        score_pct=score,
        progress_pct=[before, result.percent],
    )
    return CompletionOutcome(counted=True, new=True, progress_pct=result.percent)


@internal("a step of what the content reported, or of a grade that somebody who may gave")
def withdraw_lesson_completion(
    session: Session,
    held: Enrollment,
    *,
    lesson_id: int,
    since: datetime,
    source: Source = "content",
    subject: Subject | None = None,
) -> None:
    """Take back that a lesson is completed, if its content (or a grade) said so at or after `since` and no longer does.

    `held` is the enrollment, locked. What staff or the student marked, and what was completed before, stays.
    """
    known = completion_queries.completion(session, held.id, lesson_id)
    if known is None or known.source != source or known.completed_at < since:
        return
    session.delete(known)
    session.flush()
    before, held.progress_pct = held.progress_pct or 0, progress_of(session, held).percent
    session.flush()
    history.record(
        session,
        subject,
        Action.LESSON_COMPLETION_WITHDRAWN,
        known.id,
        student_id=held.user_id,
        enrollment_id=held.id,
        lesson_id=lesson_id,
        progress_pct=[before, held.progress_pct],
    )


def mark_lesson(
    session: Session,
    subject: Subject,
    *,
    enrollment_id: int,
    lesson_id: int,
    at: datetime,
    score_pct: Decimal | None = None,
) -> CompletionOutcome:
    """A person says that a lesson is done: who may attest any lesson, a student one of their own that reports nothing.

    Forbidden for those who only read the enrollment, Conflict when it is no longer active, and for a student while the
    lesson is not open yet.
    """
    record = found(session, enrollment_id)
    policy.require_read(session, subject, record.user_id)
    lesson = completion_queries.lesson_in_program(session, lesson_id, record.program_id)
    if lesson is None:
        raise NotFound("This lesson is not part of the enrollment's program.")
    attested = policy.may_mark_for(subject, record.user_id)
    if not attested:
        if policy.may_mark(subject):
            require_not_own(subject, record.user_id, "lessons and grades")
        policy.require_mark_own(subject, record.user_id)
        study_access.require_open(session, enrollment_id, lesson_id)
        reason = self_marked.why_not(session, lesson, enrollment_id)
        if reason is not None:
            raise Conflict(reason)
        if score_pct is not None:
            raise wrong("score_pct", "Only staff enter a score.")
    outcome = record_lesson_completion(
        session,
        enrollment_id=enrollment_id,
        lesson_id=lesson_id,
        source="staff" if attested else "student",
        score_pct=score_pct,
        at=at,
        subject=subject,
    )
    if not outcome.counted:
        raise Conflict("This enrollment is no longer active, so nothing more is recorded.")
    return outcome


@internal("says what a lesson is, and nothing of a student")
def has_package(session: Session, lesson_id: int) -> bool:
    """Whether the lesson has an uploaded package, video, recording or document."""
    return completion_queries.has_package(session, lesson_id)


@internal("for the content of a lesson that reports nothing, which a person marks")
def is_lesson_done(session: Session, enrollment_id: int, lesson_id: int) -> bool:
    """Whether the lesson counts as done in this enrollment, whoever said so."""
    return completion_queries.completion(session, enrollment_id, lesson_id) is not None


@internal("names completions to a room that has asked whose may be seen")
def completions_of(
    session: Session, enrollment_ids: Collection[int], lesson_ids: Collection[int]
) -> Sequence[LessonCompletion]:
    """What these enrollments have completed of these lessons."""
    return completion_queries.completions_of(session, enrollment_ids, lesson_ids)


@internal("names the scores of a lesson to a room that has asked who may see them")
def lesson_scores(session: Session, lesson_id: int, enrollment_ids: Collection[int]) -> dict[int, Decimal]:
    """The scores in percent that these enrollments have for a lesson; those without one are left out."""
    return completion_queries.scores_of(session, lesson_id, enrollment_ids)


@internal("a step of changing a program's lessons")
@contextmanager
def progress_rewritten(session: Session, subject: Subject | None, program_id: int) -> Iterator[None]:
    """Around a change to a program's lessons: its active enrollments are locked before and their progress is
    updated after it. A fixed number of statements, however many students there are."""
    former = completion_queries.lock_active(session, program_id)
    yield
    if not former:
        return
    required = completion_queries.lesson_count(session, program_id)
    done = completion_queries.completed_counts(session, list(former))
    percents = {
        enrollment_id: progress_of_counts(done.get(enrollment_id, 0), required).percent
        for enrollment_id in former
    }
    changed = {number: percent for number, percent in percents.items() if percent != former[number]}
    if changed:
        completion_queries.write_progress(session, changed)
        history.record(
            session,
            subject,
            Action.PROGRESS_REWRITTEN,
            program_id,
            enrollments=len(changed),
            lessons=required,
        )


academics.on_lessons_changing("enrollment: progress", progress_rewritten)


def found(session: Session, enrollment_id: int, *, lock: bool = False) -> Enrollment:
    """The enrollment, or NotFound."""
    record = queries.get(session, enrollment_id, lock=lock)
    if record is None:
        raise NotFound(policy.NO_ENROLLMENT)
    return record


def progress_of(session: Session, record: Enrollment) -> Progress:
    """What the rule says of an enrollment now."""
    done = completion_queries.completed_counts(session, [record.id]).get(record.id, 0)
    return progress_of_counts(done, completion_queries.lesson_count(session, record.program_id))


def _score(value: Decimal | int | float | None) -> Decimal | None:
    if value is None:
        return None
    score = Decimal(str(value))
    if not score.is_finite() or not 0 <= score <= 100:
        raise wrong("score_pct", "A score must be between 0 and 100 percent.")
    return score.quantize(_CENT, ROUND_HALF_UP)


def wrong(field: str, sentence: str) -> Invalid:
    """The refusal of one field."""
    return Invalid(sentence, errors=[FieldError(field, sentence)])
