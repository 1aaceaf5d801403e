"""People, programs and enrollments as rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from app.core.permissions import Duty
from app.demo import people
from app.demo.catalog import PASSING_PCT, PROGRAMS, SCORM
from app.demo.desk import Desk, Enrolled, Student
from app.demo.lives import ask_to_leave
from app.demo.story import TimeEntry


def write_people(desk: Desk, students: list[Student], hashed: str) -> None:
    """Staff and students; everybody has the same password."""
    keys = desk.copier.keys("users", len(people.STAFF) + len(students))
    desk.staff_ids = keys[: len(people.STAFF)]
    rows: list[tuple[object, ...]] = []
    for key, person in zip(desk.staff_ids, people.STAFF, strict=True):
        seen = desk.moment - timedelta(hours=desk.random.randint(1, 90))
        rows.append(
            (
                key,
                person.email,
                hashed,
                person.full_name,
                person.role,
                desk.founded,
                desk.founded,
                None,
                seen,
            )
        )
    for key, student in zip(keys[len(people.STAFF) :], students, strict=True):
        student.user_id = key
        made = desk.office(student.stories[0].enrolled_at)
        entries = [entry for story in student.stories for entry in story.entries]
        seen_at = entries[-1].clock_in - timedelta(minutes=2) if entries else None
        person = student.person
        changed = student.deleted_at or made
        rows.append(
            (
                key,
                person.email,
                hashed,
                person.full_name,
                person.role,
                made,
                changed,
                student.deleted_at,
                seen_at,
            )
        )
    columns = (
        "id",
        "email",
        "hashed_password",
        "full_name",
        "role",
        "created_at",
        "updated_at",
        "deleted_at",
    )
    desk.copier.copy("users", (*columns, "last_sign_in_at"), rows)


def write_office(desk: Desk, hashed: str) -> None:
    """Staff with duties of their own; the auditor's ends with the year after next."""
    users, duties = [], []
    for key, person in zip(desk.copier.keys("users", len(people.OFFICE)), people.OFFICE, strict=True):
        users.append((key, person.email, hashed, person.full_name, person.role, desk.founded, desk.founded))
        audits = person.duty is Duty.AUDITOR
        ends_on = date(desk.today.year + 2, 12, 31) if audits else None
        reason = "State audit" if audits else "Hired for it"
        given = (person.duty, desk.founded.date(), ends_on, reason, desk.staff_ids[0], desk.founded)
        duties.append((key, *given))
    columns = ("id", "email", "hashed_password", "full_name", "role", "created_at", "updated_at")
    desk.copier.copy("users", columns, users)
    columns = ("user_id", "duty", "starts_on", "ends_on", "reason", "given_by", "given_at")
    desk.copier.copy("user_duties", columns, duties)


def write_catalog(desk: Desk) -> None:
    """Programs, modules and lessons."""
    programs, modules, lessons = [], [], []
    module_keys = desk.copier.keys("modules", sum(len(program.modules) for program in PROGRAMS))
    lesson_keys = desk.copier.keys("lessons", sum(len(program.lessons) for program in PROGRAMS))
    for key, program in zip(desk.copier.keys("programs", len(PROGRAMS)), PROGRAMS, strict=True):
        desk.program_ids[program.name] = key
        desk.lesson_ids[program.name] = []
        programs.append(
            (key, program.name, program.description, program.credits, program.weeks, program.tuition_cents,
             program.clock_hours, desk.founded, desk.founded)
        )  # fmt: skip
        for place, module in enumerate(program.modules, 1):
            module_key = module_keys.pop(0)
            modules.append((module_key, key, module.name, place, module.description, desk.founded))
            for number, lesson in enumerate(module.lessons, 1):
                lesson_key = lesson_keys.pop(0)
                desk.lesson_ids[program.name].append(lesson_key)
                passing = PASSING_PCT if lesson.kind == SCORM else None
                lessons.append(
                    (lesson_key, module_key, lesson.title, lesson.kind, lesson.url, number, lesson.minutes,
                     passing, desk.founded)
                )  # fmt: skip
    desk.copier.copy(
        "programs",
        ("id", "name", "description", "total_credits", "duration_weeks", "tuition_amount_cents", "clock_hours",
         "created_at", "updated_at"),
        programs,
    )  # fmt: skip
    desk.copier.copy(
        "modules", ("id", "program_id", "name", "order_num", "description", "created_at"), modules
    )
    desk.copier.copy(
        "lessons",
        ("id", "module_id", "title", "content_type", "content_url", "order_num", "estimated_minutes",
         "passing_score_pct", "created_at"),
        lessons,
    )  # fmt: skip


def packaged(desk: Desk) -> Iterator[tuple[int, str]]:
    """Each SCORM lesson with the name of its package."""
    for program in PROGRAMS:
        for key, lesson in zip(desk.lesson_ids[program.name], program.lessons, strict=True):
            if lesson.package is not None:
                yield key, lesson.package


def enroll(desk: Desk, students: list[Student]) -> Iterator[Enrolled]:
    """Enrollments by their dates, with the state the office has brought them to."""
    stories = [(student, story) for student in students for story in student.stories]
    stories.sort(key=lambda pair: (pair[1].enrolled_at, pair[0].person.email))
    ask_to_leave(desk, stories)
    enrolled = []
    for key, (student, story) in zip(desk.copier.keys("enrollments", len(stories)), stories, strict=True):
        completed_at = processed_at = None
        if story.finished:
            wait = desk.random.randint(1, 7) if desk.random.random() < 0.9 else desk.random.randint(20, 60)
            completed_at = desk.past(desk.office(story.finished.date() + timedelta(days=wait)))
        if story.left:
            processed_at = desk.past(
                desk.office(story.left.date() + timedelta(days=desk.random.randint(1, 10)))
            )
        status = "completed" if completed_at else "withdrawn" if processed_at else "active"
        enrolled.append(
            Enrolled(
                key,
                student,
                story,
                desk.program_ids[story.program.name],
                status,
                completed_at,
                processed_at,
            )
        )
    desk.copier.copy(
        "enrollments",
        ("id", "user_id", "program_id", "status", "enrolled_at", "completed_at", "progress_pct", "created_at"),
        (
            (item.id, item.student.user_id, item.program_id, item.status, item.story.enrolled_at,
             item.story.finished.astimezone(desk.zone).date()
             if item.completed_at and item.story.finished else None,
             item.story.progress_pct, desk.office(item.story.enrolled_at))
            for item in enrolled
        ),
    )  # fmt: skip
    yield from enrolled


def write_attendance(desk: Desk, enrolled: list[Enrolled]) -> list[tuple[int, Enrolled, TimeEntry]]:
    """Every attendance record, in the order in which they began; each with its number."""
    entries = [(item, entry) for item in enrolled for entry in item.story.entries]
    entries.sort(key=lambda pair: (pair[1].clock_in, pair[0].student.user_id, pair[0].id))
    written = [
        (key, item, entry)
        for key, (item, entry) in zip(desk.copier.keys("attendance", len(entries)), entries, strict=True)
    ]
    desk.copier.copy(
        "attendance",
        ("id", "user_id", "enrollment_id", "clock_in", "clock_out", "missing_clock_out", "notes", "source",
         "created_at"),
        (
            (key, item.student.user_id, item.id, entry.clock_in, entry.clock_out, entry.forgotten, entry.note,
             "staff" if entry.note else "clock", entry.clock_in)
            for key, item, entry in written
        ),
    )  # fmt: skip
    return written
