"""A class with an assignment: its instructor, three students, one of another instructor's."""

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy.orm import Session

from app.content.assignments.definitions import service as definitions
from app.content.assignments.grading import service as grading
from app.content.assignments.hand_ins import service as hand_ins
from app.content.assignments.schemas import AssignmentForm, DueForm, Grading, Upload
from app.core.files import FileStore, open_store
from app.db.models import ContentType, Enrollment, HandIn, HandInGrade, Lesson, SchoolClass, User
from app.settings import Settings
from tests.factories.school import School, subject_of
from tests.factories.skills import picture

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)
RUBRIC = "Technique [Poor 0, Fair 1, Good 2]\n! Infection control [Missed 0, Kept 2]"


def wanted(**changes: Any) -> AssignmentForm:
    """What an assignment asks for."""
    given = {
        "instructions": "Take a photo of your tray.",
        "criteria": RUBRIC,
        "kinds": ["picture", "pdf"],
        "late": "reduce",
        "late_pct": 10,
        "late_days": 3,
        "pass_pct": 75,
    }
    return AssignmentForm.model_validate(given | changes)


@dataclass
class Set:
    """An assignment that is set, and the people around it."""

    session: Session
    store: FileStore
    lesson: Lesson
    record: SchoolClass
    teacher: User
    enrollments: list[Enrollment]
    stranger: User

    def student(self, number: int = 0) -> User:
        return self.session.get_one(User, self.enrollments[number].user_id)

    def change(self, **changes: Any) -> None:
        found = definitions.definition(self.session, subject_of(self.teacher), self.lesson.id)
        seen = found.versions[0].version if found.versions else 0
        definitions.save(self.session, subject_of(self.teacher), self.lesson.id, wanted(seen=seen, **changes))

    def due(self, day: date | None) -> None:
        values = DueForm(class_id=self.record.id, day=day, remove=day is None)
        definitions.set_due(self.session, subject_of(self.teacher), self.lesson.id, values, ZONE)

    def hand_in(
        self,
        *files: tuple[str, bytes],
        student: int = 0,
        request: Any = None,
        note: str | None = None,
        began_at: datetime | None = None,
    ) -> HandIn:
        return hand_ins.hand_in(
            self.session,
            subject_of(self.student(student)),
            self.store,
            self.lesson.id,
            [Upload(name, io.BytesIO(data)) for name, data in files or (("tray.jpg", picture()),)],
            request=request or uuid4(),
            note=note,
            zone=ZONE,
            began_at=began_at,
        )

    def opened(self, student: int = 0):  # type: ignore[no-untyped-def]
        return hand_ins.open_assignment(self.session, subject_of(self.student(student)), self.lesson.id, ZONE)

    def grade(
        self, made: HandIn, *marks: int | None, seen: int = 0, release: bool = False, **more: Any
    ) -> HandInGrade:
        values = Grading(more.pop("request", None) or uuid4(), seen, marks or (2, 2), **more)
        found = grading.grade(self.session, subject_of(self.teacher), self.store, made.id, values)
        if release:
            grading.release(self.session, subject_of(self.teacher), made.id)
        return found


def make_set(session: Session, settings: Settings) -> Set:
    """Write the rows into the session."""
    school = School(session)
    program = school.program(name="Dental Assistant")
    lesson = school.lesson(school.module(program), title="Tray setup", content_type=ContentType.DOCUMENT)
    names = ["Ana Alvarez", "Bea Brown", "Cem Castillo"]
    enrollments = [school.enrollment(school.student(full_name=name), program) for name in names]
    teacher = school.instructor(full_name="Tess Carter")
    record = school.school_class(program, code="DA-M", teacher=teacher, students=enrollments)
    made = Set(
        session,
        open_store(settings),
        lesson,
        record,
        teacher,
        enrollments,
        school.instructor(full_name="Otto Other"),
    )
    made.change()
    return made


@pytest.fixture(autouse=True)
def _clock(request: pytest.FixtureRequest) -> object:
    if request.node.get_closest_marker("browser"):
        yield
        return
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def given(session: Session, settings: Settings) -> Set:
    return make_set(session, settings)
