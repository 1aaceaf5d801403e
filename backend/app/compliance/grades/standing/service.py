"""Where a student stands: the classes with their running grades, the final grades, the GPA with its derivation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.grades import policy, schemes
from app.compliance.grades.book import queries as book_queries
from app.compliance.grades.book import reading
from app.compliance.grades.book.schemas import EMPTY, Cell
from app.compliance.grades.finals import queries as finals
from app.core import clock, views
from app.core.errors import NotFound
from app.core.permissions import Subject, internal
from app.core.views import Part
from app.db.models import Enrollment, GradeItem, SchoolClass
from app.enrollment import service as enrollment
from app.rules.grades import CourseGrade, Gpa, Scheme, average
from app.rules.grades_book import ClassGrade
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class TakenClass:
    """A class that a student takes or took: the items they may see, the grade so far, and the final one."""

    record: SchoolClass
    items: Sequence[tuple[GradeItem, str, Cell]]
    """Published items with their category and the score."""
    grade: ClassGrade
    final: Any | None
    standing: str | None
    """The final letter as it stands today; None while there is none."""


@dataclass(frozen=True, slots=True)
class TakenCourse:
    """A course with its final grade as it stands. `left_out` says why it does not count toward the GPA.

    `passed` is by the scheme of the grade's day.
    """

    grade: CourseGrade
    module: str | None
    code: str
    left_out: str | None
    passed: bool


@dataclass(frozen=True, slots=True)
class AcademicRecord:
    """The final grades of an enrollment, the first one first, the GPA, and the classes without a grade so far."""

    gpa: Gpa
    courses: Sequence[TakenCourse]
    in_progress: Sequence[SchoolClass]


@dataclass(frozen=True, slots=True)
class Standing:
    """One enrollment with its classes and the GPA."""

    enrollment: Any
    gpa: Gpa
    classes: Sequence[TakenClass]


@views.opens(Part.GRADES, student="user_id")
def standing_of(session: Session, subject: Subject, user_id: int, zone: ZoneInfo) -> list[Standing]:
    """A student's grades, by enrollment; what is not published is left out. Raises NotFound for another's."""
    policy.require_read(session, subject, user_id)
    listed = enrollment.list_enrollments(session, subject, Paging(per_page=200), user_id=user_id).page().items
    if not listed and user_id != subject.user_id:
        raise NotFound(policy.NO_STUDENT)
    numbers = [one.id for one in listed]
    today = clock.today(zone)
    given = finals.of_enrollments(session, numbers)
    averages = _gpas(session, numbers, given, _schemes(session, given), today)
    taken = book_queries.classes_of(session, numbers)
    return [
        Standing(
            one,
            averages[one.id],
            [
                _taken(session, record, one.id, given, today)
                for enrollment_id, record in taken
                if enrollment_id == one.id
            ],
        )
        for one in listed
    ]


@views.opens(Part.GRADES, student=lambda _found, given: _owner(given["session"], given["enrollment_id"]))
def gpa_of(session: Session, subject: Subject, enrollment_id: int, zone: ZoneInfo) -> Gpa:
    """The GPA of an enrollment, from its approved final grades. Raises NotFound for another's."""
    owner_id = _owner(session, enrollment_id)
    if owner_id is None or not policy.may_read(session, subject, owner_id):
        raise NotFound(policy.NO_STUDENT)
    return gpas(session, [enrollment_id], clock.today(zone))[enrollment_id]


@internal("a step of what was allowed before: reviews of academic progress")
def gpas(session: Session, enrollment_ids: Sequence[int], today: date) -> dict[int, Gpa]:
    """GPAs of many enrollments: one query."""
    rows = finals.of_enrollments(session, enrollment_ids)
    return _gpas(session, enrollment_ids, rows, _schemes(session, rows), today)


@internal("a step of what was allowed before: transcripts")
def academic_records(
    session: Session, enrollment_ids: Sequence[int], today: date
) -> dict[int, AcademicRecord]:
    """Final grades with the GPA, and the classes that go on, of many enrollments: two queries."""
    rows = finals.of_enrollments(session, enrollment_ids)
    known = _schemes(session, rows)
    averages = _gpas(session, enrollment_ids, rows, known, today)
    graded = {(row.enrollment_id, row.class_id) for row in rows}
    going_on: dict[int, list[SchoolClass]] = {}
    for enrollment_id, record in book_queries.classes_of(session, enrollment_ids):
        if (enrollment_id, record.id) not in graded and record.starts_on <= today <= record.ends_on:
            going_on.setdefault(enrollment_id, []).append(record)
    return {
        number: _academic_record(averages[number], given, known, going_on.get(number, ()))
        for number, given in _by_enrollment(enrollment_ids, rows).items()
    }


def _academic_record(
    gpa: Gpa, rows: Sequence[Any], schemes_known: Mapping[int, Scheme], going_on: Sequence[SchoolClass]
) -> AcademicRecord:
    known = {row.id: row for row in rows}
    every = [(one, None) for one in gpa.counted] + list(gpa.left_out)
    return AcademicRecord(
        gpa,
        [
            TakenCourse(
                one,
                known[one.number].module,
                known[one.number].code,
                why,
                schemes_known[known[one.number].policy_id].passes(one.letter),
            )
            for one, why in sorted(every, key=lambda pair: (pair[0].graded_on, pair[0].number))
        ],
        going_on,
    )


def _owner(session: Session, enrollment_id: int) -> int | None:
    found = session.get(Enrollment, enrollment_id)
    return found.user_id if found else None


def _by_enrollment(enrollment_ids: Sequence[int], rows: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {number: [] for number in enrollment_ids}
    for row in rows:
        found[row.enrollment_id].append(row)
    return found


def _schemes(session: Session, rows: Sequence[Any]) -> Mapping[int, Scheme]:
    """The schemes of the days of these grades, by policy."""
    return schemes.of_policies(session, (row.policy_id for row in rows))


def _gpas(
    session: Session,
    enrollment_ids: Sequence[int],
    rows: Sequence[Any],
    known: Mapping[int, Scheme],
    today: date,
) -> dict[int, Gpa]:
    """Each grade by the scheme of its day; repeats by the policy of today."""
    repeats = schemes.scheme_on(session, today).repeats
    return {
        number: average(_course_grades(given, known, today), repeats)
        for number, given in _by_enrollment(enrollment_ids, rows).items()
    }


def _course_grades(rows: Sequence[Any], known: Mapping[int, Scheme], today: date) -> list[CourseGrade]:
    given = []
    for row in rows:
        scheme = known[row.policy_id]
        letter = scheme.after_deadline(row.letter, row.complete_by, today)
        given.append(
            CourseGrade(
                course=(row.program_id, row.module_id) if row.module_id else ("class", row.class_name),
                title=row.class_name,
                letter=letter,
                points=scheme.points_of(letter),
                weight=Decimal(row.gpa_weight),
                graded_on=row.graded_on,
                number=row.id,
            )
        )
    return given


def _taken(
    session: Session, record: SchoolClass, enrollment_id: int, given: Sequence[Any], today: date
) -> TakenClass:
    book = book_queries.book_of(session, record.id)
    final = next(
        (row for row in given if (row.class_id, row.enrollment_id) == (record.id, enrollment_id)), None
    )
    categories = book_queries.categories(session, book.id) if book else []
    items = [one for one in book_queries.items(session, book.id) if one.published] if book else []
    cells = reading.cells_of(session, book.id, [enrollment_id]) if book else {}
    names = {one.id: one.name for one in categories}
    scores = [cell.score for cell in cells.values()]
    scheme = schemes.scheme_on(session, today)
    standing = None
    if final is not None:
        of_day = schemes.of_policy(session, final.policy_id)
        standing = of_day.after_deadline(final.letter, final.complete_by, today)
    return TakenClass(
        record,
        [(item, names[item.category_id], cells.get((item.id, enrollment_id), EMPTY)) for item in items],
        reading.grade_of(categories, items, scores, scheme, today),
        final,
        standing,
    )
