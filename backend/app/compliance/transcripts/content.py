"""What a transcript says: read from the records once, kept as canonical JSON, and all that its file is drawn from.

GNPEC Standard 5 asks for the institution with its address, the student's full name, the program, the days of the
enrollment, the student's status, grades by course and the GPA where there is one. Clock hours are added, by module and
in total, because such a school counts in them.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.accounts import service as accounts
from app.compliance.attendance import service as attendance
from app.compliance.grades import service as grades
from app.compliance.grades.service import AcademicRecord
from app.compliance.transcripts import queries
from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import internal
from app.db.models import EnrollmentStatus, Externship, SchoolClass
from app.documents.service import Letterhead, LogoImage
from app.rules.grades import Scheme
from app.rules.meetings import Meeting
from app.rules.module_hours import CourseMeeting, minutes_by_course
from app.settings import Settings

FORMAT = 2
"""The shape of the content; a later one keeps reading the former.

2: whether a course was passed, what module a class in progress is of, how many classes a module's hours are of, and the
transcript that this one replaces. A file is drawn as its format was: PESC XML has been attached since 2.
"""
STATUS = {
    EnrollmentStatus.ACTIVE: "Enrolled",
    EnrollmentStatus.COMPLETED: "Graduated",
    EnrollmentStatus.WITHDRAWN: "Withdrawn",
}
Content = dict[str, Any]
Statements = Callable[[Session, Collection[int]], Mapping[int, Sequence[tuple[str, str]]]]
"""By student: which record each statement is about, and its words."""

_statements: dict[str, Statements] = {}


@internal("wiring at the start")
def register_statements(name: str, statements: Statements) -> None:
    """Let a room say which statements of a student go wherever their record goes (34 CFR 99.21(c)(2))."""
    _statements[name] = statements


@internal("reads what was kept")
def statements(content: Mapping[str, Any]) -> list[Content]:
    """The student's statements in a content; one of an older release has no place for them."""
    found: list[Content] = content.get("statements") or []
    return found


@internal("reads what was allowed before")
def gather(
    session: Session, settings: Settings, enrollment_ids: Sequence[int], letterhead: Letterhead
) -> dict[int, Content]:
    """The content of many transcripts as of today, by enrollment, in a fixed number of queries.

    Raises NotFound for an enrollment that does not exist.
    """
    today = clock.today(letterhead.zone)
    rows = {row.id: row for row in queries.enrollments(session, enrollment_ids)}
    if set(enrollment_ids) - set(rows):
        raise NotFound("There is no such enrollment.")
    records = grades.academic_records(session, enrollment_ids, today)
    totals = attendance.minutes_of(session, enrollment_ids, today)
    transferred = attendance.transferred_of(session, enrollment_ids, today)
    entries = attendance.entries_of(session, enrollment_ids)
    seated = classes.seated_meetings(session, enrollment_ids, today, letterhead.zone)
    sat = {number: _by_class(each) for number, each in seated.items()}
    begun = [record for each in sat.values() for record, _ in each]
    begun += [record for each in records.values() for record in each.in_progress]
    modules = classes.module_names(session, {record.module_id for record in begun if record.module_id})
    externships = _externships(session, rows, letterhead.zone)
    scheme = grades.scheme_on(session, today)
    said = _stated(session, {row.user_id for row in rows.values()})
    names = accounts.names_on(session, {row.user_id for row in rows.values()}, today)
    found = {}
    for number in enrollment_ids:
        row = rows[number]
        meetings = [
            CourseMeeting(course, one)
            for course, held in ((_course(record), held) for record, held in sat.get(number, ()))
            for one in held
        ]
        minutes = minutes_by_course(entries.get(number, ()), meetings)
        titles = _titles(sat.get(number, ()), modules)
        found[number] = {
            "format": FORMAT,
            "school": _school(letterhead),
            "verify_at": f"{settings.app_origin}/verify/transcript",
            "student": {
                "number": row.user_id,
                "name": names[row.user_id],
            },
            "program": {
                "number": row.program_id,
                "name": row.program,
                "clock_hours": row.clock_hours,
                "weeks": row.duration_weeks,
                "credits": _plain(row.total_credits),
            },
            "enrollment": _enrollment(row, letterhead.zone),
            **_grades(records[number], scheme, modules),
            "replaces": None,
            "credits_earned": _plain(row.total_credits) if row.status is EnrollmentStatus.COMPLETED else None,
            "hours": _hours(totals.get(number, 0), minutes, titles, sat.get(number, ()))
            | {"transferred_minutes": transferred.get(number, 0)},
            "externships": externships.get(number, []),
            "statements": said.get(row.user_id, []),
        }
    return found


@internal("reads what was kept")
def read(text: str) -> Content:
    """A content as it is kept."""
    found: Content = json.loads(text)
    return found


def _stated(session: Session, students: Collection[int]) -> dict[int, list[Content]]:
    found: dict[int, list[Content]] = {}
    for asked in _statements.values():
        for student, said in asked(session, students).items():
            found.setdefault(student, []).extend(
                {"record": _one_line(record), "statement": _one_line(words)} for record, words in said
            )
    return found


def _one_line(words: str) -> str:
    """What somebody typed, without line breaks and signs that cannot be seen: a document refuses those."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())


def _school(letterhead: Letterhead) -> Content:
    logo = letterhead.logo
    return {
        "legal_name": letterhead.legal_name,
        "zone": letterhead.zone.key,
        "address": list(letterhead.address),
        "contact": letterhead.contact,
        "authorization": letterhead.authorization,
        "signatory_name": letterhead.signatory_name,
        "signatory_title": letterhead.signatory_title,
        "color": letterhead.color,
        "logo": {"sha256": logo.sha256, "media_type": logo.media_type} if logo else None,
    }


def letterhead_of(school: Mapping[str, Any], logo: bytes | None) -> Letterhead:
    """The letterhead as it was when the content was written."""
    plain = {name: value for name, value in school.items() if name not in ("zone", "address", "logo")}
    return Letterhead(
        zone=ZoneInfo(school["zone"]),
        address=tuple(school["address"]),
        logo=LogoImage(logo, school["logo"]["media_type"]) if logo is not None else None,
        **plain,
    )


def _enrollment(row: Row[Any], zone: ZoneInfo) -> Content:
    withdrawn = clock.local(row.withdrawn_at, zone).date() if row.withdrawn_at else None
    left = row.status is EnrollmentStatus.WITHDRAWN
    return {
        "number": row.id,
        "status": STATUS[row.status],
        "enrolled_on": row.enrolled_at.isoformat(),
        "completed_on": row.completed_at.isoformat() if row.completed_at else None,
        "withdrawn_on": withdrawn.isoformat() if left and withdrawn else None,
    }


def _grades(record: AcademicRecord, scheme: Scheme, modules: Mapping[int, str]) -> Content:
    return {
        "courses": [
            {
                "code": one.code,
                "title": one.grade.title,
                "module": one.module,
                "graded_on": one.grade.graded_on.isoformat(),
                "grade": one.grade.letter,
                "points": _plain(one.grade.points),
                "weight": _plain(one.grade.weight),
                "left_out": one.left_out,
                "passed": one.passed,
            }
            for one in record.courses
        ],
        "in_progress": [
            {"code": one.code, "title": one.name, "module": modules.get(one.module_id or 0)}
            for one in record.in_progress
        ],
        "gpa": None if record.gpa.value is None else f"{record.gpa.value:.2f}",
        "scale": [
            {"letter": one.name, "from_percent": _plain(one.minimum_pct), "points": _plain(one.points)}
            for one in scheme.letters
        ],
        "outside_gpa": [{"letter": name, "meaning": words} for name, words in scheme.uncounted.items()],
    }


_Sat = Sequence[tuple[SchoolClass, list[Meeting]]]


def _hours(total: int, minutes: Mapping[Any, int], titles: Mapping[Any, str], sat: _Sat) -> Content:
    """By module in the order of the first meeting; what no meeting covers is what is left of the total."""
    modules = [course for course in titles if minutes.get(course)]
    classes = Counter(_course(record) for record in {record.id: record for record, _ in sat}.values())
    return {
        "total_minutes": total,
        "modules": [
            {"title": titles[course], "minutes": minutes[course], "classes": classes[course]}
            for course in modules
        ],
        "other_minutes": total - sum(minutes[course] for course in modules),
    }


def _by_class(seated: Sequence[tuple[SchoolClass, Meeting]]) -> _Sat:
    """The meetings of each class: there are hundreds of meetings of a few classes."""
    return [(record, [one for _, one in held]) for record, held in groupby(seated, lambda pair: pair[0])]


def _course(record: SchoolClass) -> Hashable:
    """What the hours of a class are counted under."""
    return record.module_id or record.name


def _titles(sat: _Sat, names: Mapping[int, str]) -> dict[Any, str]:
    """What each course is called, in the order in which their classes began."""
    found: dict[Any, str] = {}
    for record, _ in sorted(sat, key=lambda pair: (pair[0].starts_on, pair[0].id)):
        found.setdefault(_course(record), names.get(record.module_id or 0, record.name))
    return found


def _externships(session: Session, rows: Mapping[int, Row[Any]], zone: ZoneInfo) -> dict[int, list[Content]]:
    """Verified externships; one that names no enrollment goes with the latest when it was entered."""
    students = {row.user_id for row in rows.values()}
    verified = queries.externships_of(session, students)
    if not verified:
        return {}
    began: dict[int, list[tuple[date, int]]] = {}
    for row in queries.enrollments_of(session, students):
        began.setdefault(row.user_id, []).append((row.enrolled_at, row.id))
    found: dict[int, list[Content]] = {}
    for one, placed_for in verified:
        mine = sorted(began.get(one.user_id, ()))
        before = [number for day, number in mine if day <= clock.local(one.created_at, zone).date()]
        number: int = placed_for or (before[-1] if before else mine[0][1] if mine else 0)
        if number in rows:
            found.setdefault(number, []).append(_externship(one, zone))
    return found


def _externship(one: Externship, zone: ZoneInfo) -> Content:
    return {
        "site": one.site_name,
        "hours": one.total_hours or 0,
        "verified_on": clock.local(one.verified_at, zone).date().isoformat() if one.verified_at else None,
    }


def _plain(value: Any) -> str | None:
    """A decimal without zeros that say nothing; None stays None."""
    return None if value is None else f"{value.normalize():f}"
