"""Where the students of a class stand in its lessons."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.academics.classes import service as classes
from app.content import policy
from app.content import queries as content_queries
from app.content.class_board import queries
from app.content.packages.versions import version_of
from app.content.results import Known, result_of
from app.core import clock
from app.core.permissions import Subject, internal
from app.db.models import ContentType, Lesson, User
from app.enrollment import service as enrollment
from app.rules import lesson_board, scorm12
from app.rules.lesson_board import LessonFigures, Part, State, Work
from app.web.listing import Computed
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class LessonColumn:
    """A lesson of the class, with how the class does in it."""

    id: int
    title: str
    module: str
    kind: ContentType
    estimated_minutes: int | None
    figures: LessonFigures


@dataclass(frozen=True, slots=True)
class Cell:
    """One student in one lesson."""

    user_id: int
    full_name: str
    lesson_id: int
    lesson_title: str
    module: str
    work: Work

    @property
    def state(self) -> State:
        return self.work.state

    @property
    def score(self) -> Decimal | None:
        return self.work.score

    @property
    def last(self) -> datetime | None:
        return self.work.last


@dataclass(frozen=True, slots=True)
class Row:
    """One student in all lessons of the class."""

    user_id: int
    full_name: str
    cells: list[Cell]

    @property
    def done(self) -> int:
        return sum(cell.state is State.DONE for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A student who seems stuck in a lesson, and why."""

    cell: Cell
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class ClassBoard:
    """A class's students by its lessons."""

    class_id: int
    class_name: str
    lessons: list[LessonColumn]
    rows: list[Row]
    stuck: list[Stuck]

    def cells(self) -> list[Cell]:
        """Every student in every lesson."""
        return [cell for row in self.rows for cell in row.cells]


def read(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> ClassBoard:
    """The class's students whom one sees, by the lessons of its program or module.

    Raises Forbidden, and NotFound for other people's classes.
    """
    policy.require_read_results(subject)
    record = classes.read(session, subject, class_id, zone).record
    day = min(max(clock.today(zone), record.starts_on), record.ends_on)
    seated = classes.seated_on(session, subject, class_id, day, zone)
    visible = policy.limit_attempts(session, subject, User.id)
    seen = queries.seen_among(session, [one.user_id for one in seated], visible)
    students = [one for one in seated if one.user_id in seen]
    program = academics.program_outline(session, subject, record.program_id)
    modules = [one for one in program.modules if record.module_id in (None, one.id)]
    lessons = [(lesson, module.name) for module in modules for lesson in module.lessons]
    works = _works(session, [one.enrollment_id for one in students], [lesson.id for lesson, _ in lessons])
    works |= _to_check(session, works, [lesson for lesson, _ in lessons])
    rows = [
        Row(
            one.user_id,
            one.full_name,
            [
                Cell(
                    one.user_id,
                    one.full_name,
                    lesson.id,
                    lesson.title,
                    module,
                    works.get((one.enrollment_id, lesson.id), Work()),
                )
                for lesson, module in lessons
            ],
        )
        for one in students
    ]
    columns = [
        LessonColumn(
            lesson.id,
            lesson.title,
            module,
            lesson.content_type,
            lesson.estimated_minutes,
            lesson_board.figures([row.cells[place].work for row in rows]),
        )
        for place, (lesson, module) in enumerate(lessons)
    ]
    return ClassBoard(
        class_id, record.name, columns, rows, _stuck(rows, columns, [one for one, _ in lessons])
    )


@internal("sorts what was read")
def listing(session: Session, found: ClassBoard, paging: Paging) -> Computed[Cell]:
    """Every student in every lesson as a list. Sorts: student, lesson, state, score, time, last."""
    sorts = {
        "student": lambda one: one.full_name,
        "lesson": lambda one: one.lesson_title,
        "state": lambda one: one.state.value,
        "score": lambda one: one.score,
        "time": lambda one: one.work.seconds,
        "last": lambda one: one.last,
    }
    return Computed(
        session, found.cells(), paging, sorts, "student", lambda one: [one.full_name, one.lesson_title]
    )


def _stuck(rows: Sequence[Row], columns: Sequence[LessonColumn], lessons: Sequence[Lesson]) -> list[Stuck]:
    now = clock.now()
    found = []
    for row in rows:
        for cell, column, lesson in zip(row.cells, columns, lessons, strict=True):
            estimate = None if lesson.estimated_minutes is None else lesson.estimated_minutes * 60
            reasons = lesson_board.why_stuck(cell.work, estimate or column.figures.median_seconds, now)
            if reasons:
                found.append(Stuck(cell, reasons))
    return sorted(found, key=lambda one: (-len(one.reasons), one.cell.full_name.casefold()))


def _to_check(
    session: Session, works: Mapping[tuple[int, int], Work], lessons: Sequence[Lesson]
) -> dict[tuple[int, int], Work]:
    """Work in lessons that are checked in person, of which a part is done, with whether it waits for the check."""
    checked = {lesson.id: lesson for lesson in lessons if lesson.needs_check}
    begun = {
        key: work
        for key, work in works.items()
        if key[1] in checked
        and work.completed_at is None
        and any(part.status in scorm12.DONE for part in work.parts)
    }
    if not begun:
        return {}
    enrollment_ids = {enrollment_id for enrollment_id, _ in begun}
    packages = queries.versions_begun(session, enrollment_ids, checked)
    package_ids = {package.id for package in packages.values()}
    attempts = content_queries.attempts_in_packages(session, enrollment_ids, package_ids)
    courses = content_queries.scorm_courses(session, enrollment_ids, package_ids)
    found = {}
    for key, package in packages.items():
        if key not in begun:
            continue
        place = (key[0], package.id)
        # Nor has anybody marked it: what is completed was left out above.
        known = Known(attempts.get(place, []), courses.get(place))
        result = result_of(version_of(package), known, passing_score_pct=checked[key[1]].passing_score_pct)
        found[key] = replace(begun[key], to_check=result.complete)
    return found


def _works(
    session: Session, enrollment_ids: Collection[int], lesson_ids: Collection[int]
) -> dict[tuple[int, int], Work]:
    """What each enrollment has done in each lesson: three queries, whatever the kinds of the lessons."""
    parts: dict[tuple[int, int], list[Part]] = {}
    for row in queries.work_by_part(session, enrollment_ids, lesson_ids):
        statuses = [scorm12.known_status(one or "") for one in row.statuses]
        best = max(statuses, key=scorm12.STATUSES.index)
        part = Part(best, statuses.count(scorm12.FAILED), int(row.seconds), row.last, row.score_pct)
        parts.setdefault((row.enrollment_id, row.lesson_id), []).append(part)
    handed = {
        (row.enrollment_id, row.lesson_id): row
        for row in queries.newest_hand_ins(session, enrollment_ids, lesson_ids)
    }
    done = {
        (one.enrollment_id, one.lesson_id): one
        for one in enrollment.completions_of(session, enrollment_ids, lesson_ids)
    }
    found = {}
    for key in {*parts, *handed, *done}:
        completion, hand_in = done.get(key), handed.get(key)
        graded = None if hand_in is None else hand_in.score_pct
        found[key] = Work(
            completed_at=None if completion is None else completion.completed_at,
            score_pct=graded if completion is None or completion.score_pct is None else completion.score_pct,
            parts=tuple(parts.get(key, ())),
            waits=hand_in is not None and hand_in.passed is None,
            returned=hand_in is not None and hand_in.passed is False,
            handed_in_at=None if hand_in is None else hand_in.handed_in_at,
        )
    return found
