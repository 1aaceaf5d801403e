"""Grading: the board of a lesson, one hand-in at a time, and the release that lets students see it.

A grade is a draft until it is released; grading again is another row, and the student sees the newest released one.
The score of the newest hand-in that has a released grade is the lesson's: the grade books follow it, and by the
assignment's rule it completes the lesson, or takes that back.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import queries as content_queries
from app.content.assignments import policy, queries
from app.content.assignments.definitions.service import find_assignment
from app.content.assignments.grading import queries as lists
from app.content.assignments.hand_ins.service import keep, works_of
from app.content.assignments.schemas import (
    Asked,
    Board,
    BoardLine,
    Grading,
    State,
    ToGrade,
)
from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.files import FileStore, claims
from app.core.permissions import Permission, Subject, internal
from app.core.turns import take_turn
from app.core.views import Part
from app.db.models import Enrollment, HandIn, HandInGrade
from app.enrollment import service as enrollment
from app.rules import assignments as rules
from app.rules import skills
from app.school import service as school
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "board",
    "counted",
    "grade",
    "lesson_scores",
    "overview",
    "read_work",
    "release",
    "release_all",
    "works",
]
_ROOM = "content.hand_in_grades"
_FIELD = "file"


# Looking


def overview(session: Session, subject: Subject) -> Sequence[Any]:
    """Every assignment, with how much of it waits for this person; what waits most comes first. For the staff."""
    policy.require_list(subject)
    return lists.overview(session, policy.visible(session, subject, Enrollment.user_id))


def board(session: Session, subject: Subject, lesson_id: int, zone: ZoneInfo) -> Board:
    """The students of a lesson's program whom the person sees, with what they handed in."""
    policy.require_list(subject)
    place = academics.lesson_place(session, lesson_id)
    found = find_assignment(session, lesson_id)
    rows = lists.board(session, found, place.program_id, policy.visible(session, subject, Enrollment.user_id))
    return Board(_lines(session, found.id, rows, zone), subject.may(Permission.GRADES_ENTER))


def _lines(session: Session, assignment_id: int, rows: Sequence[Any], zone: ZoneInfo) -> list[BoardLine]:
    numbers = [row.enrollment_id for row in rows]
    dates = queries.dues_of(session, assignment_id, numbers, clock.today(zone))
    allowed = queries.allowances(session, assignment_id, numbers)
    lines = []
    for row in rows:
        own = allowed.get(row.enrollment_id)
        due_at = rules.due_for(dates.get(row.enrollment_id, ()), own.due_at if own else None)
        lines.append(
            BoardLine(row.enrollment_id, row.user_id, row.full_name, row.HandIn, row.HandInGrade, due_at, own)
        )
    return lines


def works(
    session: Session,
    subject: Subject,
    lesson_id: int,
    zone: ZoneInfo,
    paging: Paging,
    *,
    state: State | None = None,
) -> Listing[BoardLine]:
    """The students of a lesson's program whom the person sees, searched, sorted and in pages; with `state` those whose
    work stands there. Raises Forbidden, NotFound."""
    policy.require_list(subject)
    place = academics.lesson_place(session, lesson_id)
    found = find_assignment(session, lesson_id)
    visible = policy.visible(session, subject, Enrollment.user_id)
    listing: Listing[BoardLine] = lists.works(
        session, found, place.program_id, visible, paging, state
    ).map_many(lambda rows: _lines(session, found.id, rows, zone))
    return listing


def counted(session: Session, subject: Subject, lesson_id: int) -> dict[State, int]:
    """In how many students whom the person sees the work stands where. Raises Forbidden, NotFound."""
    policy.require_list(subject)
    place = academics.lesson_place(session, lesson_id)
    found = find_assignment(session, lesson_id)
    return lists.counted(
        session, found, place.program_id, policy.visible(session, subject, Enrollment.user_id)
    )


@views.opens(Part.GRADES, student=lambda found, _given: found.user_id, record=lambda found: found.work.row.id)
def read_work(session: Session, subject: Subject, hand_in_id: int, zone: ZoneInfo) -> ToGrade:
    """A hand-in with its files and grades, and those of the students before and after. Raises NotFound."""
    row = _work(session, subject, hand_in_id)
    works = works_of(
        session, queries.hand_ins_of(session, row.HandIn.assignment_id, row.HandIn.enrollment_id)
    )
    before, after = None, None
    if policy.may_list(subject):
        lines = [one for one in board(session, subject, row.lesson_id, zone).lines if one.hand_in is not None]
        places = [one.enrollment_id for one in lines]
        if row.HandIn.enrollment_id in places:
            at = places.index(row.HandIn.enrollment_id)
            before = _beside(lines[at - 1]) if at > 0 else None
            after = _beside(lines[at + 1]) if at + 1 < len(lines) else None
    return ToGrade(
        next(work for work in works if work.row.id == hand_in_id),
        Asked(row.AssignmentVersion),
        row.lesson_id,
        row.title,
        row.user_id,
        row.full_name,
        number_of=len(works),
        previous=before,
        following=after,
        may_grade=policy.may_grade(session, subject, row.user_id),
        is_newest=works[0].row.id == hand_in_id,
    )


def _beside(line: BoardLine) -> tuple[int, str] | None:
    return None if line.hand_in is None else (line.hand_in.id, line.full_name)


# Grading


def grade(
    session: Session, subject: Subject, store: FileStore, hand_in_id: int, values: Grading
) -> HandInGrade:
    """Record a grade as a draft; a hand-in that was graded is graded again. The same form sent twice is one grade.

    Raises NotFound for other people's work, Forbidden for one's own and for who only reads, Invalid for points that are
    missing or outside the scale, Conflict where somebody else graded it since the person looked (`values.seen`).
    """
    row = _work(session, subject, hand_in_id)
    policy.require_grade(session, subject, row.user_id)
    asked = Asked(row.AssignmentVersion)
    marks = [mark for mark in values.marks if mark is not None]
    if len(marks) != len(asked.criteria) or len(marks) != len(values.marks):
        raise Invalid(
            f"Rate every criterion: {len(marks)} of {len(asked.criteria)} are rated. Nothing was saved."
        )
    try:
        result = skills.result_of(asked.criteria, marks, asked.version.pass_pct)
    except ValueError as error:
        raise Invalid(str(error)) from None
    known = queries.grade_by_request(session, values.request)
    returned = None
    if values.returned is not None and known is None:
        content_queries.allow_long_pauses(session)
        [returned] = keep(session, store, [values.returned], asked.version, _FIELD)
    take_turn(session, f"hand-ins {row.HandIn.enrollment_id}")
    known = queries.grade_by_request(session, values.request)
    if known is not None:
        if (known.hand_in_id, known.graded_by) != (hand_in_id, subject.user_id):
            raise Conflict("This form was used for another grade. Nothing was saved; open the work again.")
        return known
    earlier = queries.grades_of(session, [hand_in_id]).get(hand_in_id, [])
    if earlier and earlier[0].id != values.seen:
        raise Conflict(
            f"{earlier[0].graded_by_name} graded this while you had it open. Your grade was not saved. Open it again "
            "to see their grade."
        )
    cost = _cost(session, row, asked)
    made = HandInGrade(
        hand_in_id=hand_in_id,
        request=values.request,
        marks=marks,
        points=result.points,
        points_possible=result.possible,
        score_pct=rules.score(result.points, result.possible, cost),
        passed=rules.passes(
            result.points,
            result.possible,
            cost,
            asked.version.pass_pct,
            missed_critical=bool(result.missed),
        ),
        comment=values.comment,
        file_name=returned.name if returned else None,
        file_type=returned.media_type if returned else None,
        file_sha256=returned.stored.sha256 if returned else None,
        file_bytes=returned.stored.size if returned else None,
        graded_by=subject.user_id,
        graded_by_name=subject.full_name,
        graded_at=clock.now(),
    )
    queries.add(session, made)
    if returned is not None:
        claims.claim_all(session, [(returned.stored, returned.media_type)], room=_ROOM, row=made.id)
    queries.stop_waiting(session, [hand_in_id])
    _record(session, subject, Action.HAND_IN_GRADED, row, made, "graded")
    return made


def _cost(session: Session, row: Any, asked: Asked) -> int:
    """What late work costs: as when it was handed in, or less by time that was given since."""
    work: HandIn = row.HandIn
    if not work.late_days:
        return work.deduction_pct
    zone = school.facts(session).zone
    own = queries.allowances(session, work.assignment_id, [work.enrollment_id]).get(work.enrollment_id)
    dates = queries.dues_of(session, work.assignment_id, [work.enrollment_id], clock.today(zone))
    due_at = rules.due_for(dates.get(work.enrollment_id, ()), own.due_at if own else None)
    late = rules.lateness(due_at, work.handed_in_at, asked.late_policy)
    # Without any date now the student may only have left the class: what was recorded holds.
    if due_at is None or not late.accepted:
        return work.deduction_pct
    return min(work.deduction_pct, late.deduction_pct)


def release(session: Session, subject: Subject, hand_in_id: int) -> bool:
    """Let the student see the newest grade of a hand-in; whether it was a draft. Again, it changes nothing.

    Raises NotFound for other people's work, Forbidden for one's own and for who only reads, Conflict for work that is
    not graded.
    """
    row = _work(session, subject, hand_in_id)
    policy.require_grade(session, subject, row.user_id)
    take_turn(session, f"hand-ins {row.HandIn.enrollment_id}")
    grades = queries.grades_of(session, [hand_in_id]).get(hand_in_id)
    if not grades:
        raise Conflict("This work is not graded yet. Rate it first.")
    if not queries.mark_released(session, grades[0].id, clock.now()):
        return False
    _record(session, subject, Action.HAND_IN_RELEASED, row, grades[0], "released")
    _settle(session, subject, row)
    return True


def release_all(session: Session, subject: Subject, lesson_id: int, zone: ZoneInfo) -> int:
    """Release every draft of the students whom the person grades; how many there were. Raises Forbidden for who only
    reads."""
    found = board(session, subject, lesson_id, zone)
    if not found.may_grade:
        raise Forbidden("Grades are released by the instructors of the class. Nothing was changed.")
    drafts = [
        line
        for line in sorted(found.lines, key=lambda line: line.enrollment_id)
        if line.state is State.DRAFT
        and line.hand_in is not None
        and policy.may_grade(session, subject, line.user_id)
    ]
    return sum(release(session, subject, line.hand_in.id) for line in drafts if line.hand_in is not None)


def _settle(session: Session, subject: Subject, row: Any) -> None:
    """Complete the lesson by the newest hand-in with a released grade, or take that back."""
    works = works_of(
        session, queries.hand_ins_of(session, row.HandIn.assignment_id, row.HandIn.enrollment_id)
    )
    counts = next((work for work in works if work.released is not None), None)
    if counts is None or counts.released is None:
        return
    try:
        held = enrollment.hold_for_study(session, row.HandIn.enrollment_id)
    except Conflict:
        # Whoever has left or graduated is graded, and nothing more is completed.
        return
    place = academics.lesson_place(session, row.lesson_id)
    if place.program_id != held.program_id:
        return
    asked = next(
        Asked(one)
        for one in queries.versions(session, row.HandIn.assignment_id)
        if one.id == counts.row.version_id
    )
    score = counts.released.score_pct
    former = enrollment.lesson_scores(session, row.lesson_id, [held.id]).get(held.id)
    done = asked.version.completes == "graded" or counts.released.passed
    if not done or (former is not None and former > score):
        enrollment.withdraw_lesson_completion(
            session,
            held,
            lesson_id=row.lesson_id,
            since=datetime.min.replace(tzinfo=UTC),
            source="grade",
            subject=subject,
        )
    if done:
        enrollment.record_lesson_completion(
            session,
            enrollment_id=held.id,
            lesson_id=row.lesson_id,
            source="grade",
            score_pct=score,
            at=clock.now(),
            subject=subject,
            held=held,
        )


@internal("names the scores of a lesson to a room that has asked who may see them")
def lesson_scores(session: Session, lesson_id: int, enrollment_ids: Collection[int]) -> dict[int, Decimal]:
    """The scores in percent that these enrollments have for a lesson: for an assignment those that were released,
    passed or not, for a quiz what its attempts come to now, and for other lessons those of its completion."""
    if queries.find(session, lesson_id) is None:
        completed = enrollment.lesson_scores(session, lesson_id, enrollment_ids)
        return completed | content_queries.quiz_scores(session, lesson_id, enrollment_ids)
    return queries.scores(session, lesson_id, enrollment_ids)


def _work(session: Session, subject: Subject, hand_in_id: int) -> Any:
    row = queries.work(session, hand_in_id)
    if row is None:
        raise NotFound(policy.NO_WORK)
    # A student reads their own under Learn, where drafts are not shown.
    if subject.user_id == row.user_id and not policy.may_list(subject):
        raise NotFound(policy.NO_WORK)
    policy.require_read(session, subject, row.user_id)
    return row


def _record(
    session: Session, subject: Subject, action: Action, row: Any, made: HandInGrade, change: str
) -> None:
    history.record(
        session,
        subject,
        action,
        made.id,
        student_id=row.user_id,
        enrollment_id=row.HandIn.enrollment_id,
        lesson_id=row.lesson_id,
        title=row.title,
        hand_in_id=row.HandIn.id,
        number=row.HandIn.number,
        points=made.points,
        points_possible=made.points_possible,
        score_pct=made.score_pct,
        passed=made.passed,
        change=change,
    )
