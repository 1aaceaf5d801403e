"""A class with a grade book: two instructors, three students, three items."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy.orm import Session

from app.compliance.grades.book import service as books
from app.compliance.grades.book.schemas import CategoryFields, CellIn, ItemFields
from app.compliance.grades.skills.board import service
from app.compliance.grades.skills.schemas import Attempt
from app.core.files import FileStore, open_store
from app.core.permissions import Duty, Subject
from app.db.models import Enrollment, GradeItem, SchoolClass, SkillAttempt, SkillVersion, User
from app.settings import Settings
from tests.factories import skills as given
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
TODAY = date(2026, 5, 4)
NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@dataclass
class Taught:
    """A class whose grade book has Quizzes (40%, 2 items of 10 and 20 points) and Final (60%, 100 points)."""

    session: Session
    record: SchoolClass
    teacher: Subject
    colleague: Subject
    registrar: Subject
    enrollments: list[Enrollment]
    items: list[GradeItem]

    @property
    def id(self) -> int:
        return self.record.id

    @property
    def students(self) -> list[User]:
        return [self.session.get_one(User, one.user_id) for one in self.enrollments]

    def cell(self, student: int, item: int, text: str, revision: int = 0) -> CellIn:
        return CellIn(
            enrollment_id=self.enrollments[student].id,
            item_id=self.items[item].id,
            text=text,
            revision=revision,
        )

    def enter(self, *cells: CellIn, by: Subject | None = None):  # type: ignore[no-untyped-def]
        return books.save(self.session, by or self.teacher, self.id, cells, ZONE)

    def text(self, student: int, item: int) -> str:
        book = books.read_book(self.session, self.registrar, self.id, ZONE)
        line = next(one for one in book.students if one.enrollment_id == self.enrollments[student].id)
        return line.cells[self.items[item].id].text

    def grade(self, student: int):  # type: ignore[no-untyped-def]
        book = books.read_book(self.session, self.registrar, self.id, ZONE)
        return next(one.grade for one in book.students if one.enrollment_id == self.enrollments[student].id)


@pytest.fixture
def taught(session: Session, school: School) -> Taught:
    return make_taught(session, school)


def make_taught(session: Session, school: School, students: int = 3) -> Taught:
    """The class with its book, and so many students; it runs from 5 January to 29 May 2026."""
    names = ["Ana Alvarez", "Bea Brown", "Cem Castillo", *(f"Zoe Number{n:03}" for n in range(students))][
        :students
    ]
    program = school.program(name="Dental Assistant", duration_weeks=20, clock_hours=400)
    module = school.module(program, name="Chairside")
    enrollments = [school.enrollment(school.student(full_name=name), program) for name in names]
    teacher, colleague = (
        school.instructor(full_name="Tess Carter"),
        school.instructor(full_name="Joanne Fields"),
    )
    record = school.school_class(
        program,
        code="DA-M",
        name="Chairside assisting",
        module_id=module.id,
        teacher=teacher,
        students=enrollments,
        starts_on=date(2026, 1, 5),
        ends_on=date(2026, 5, 29),
    )
    school.teach(record, colleague)
    subject = subject_of(teacher)
    books.create_book(session, subject, record.id, ZONE)
    book = books.read_book(session, subject, record.id, ZONE)
    kept = [
        CategoryFields(id=book.categories[0].id, name="Quizzes", weight_pct=Decimal(40)),
        CategoryFields(name="Final", weight_pct=Decimal(60)),
    ]
    books.save_categories(session, subject, record.id, kept, Decimal(160), ZONE)
    quizzes, final = books.read_book(session, subject, record.id, ZONE).categories
    items = [
        books.save_item(
            session,
            subject,
            record.id,
            ItemFields(name=name, category_id=category.id, points_possible=Decimal(points)),
            ZONE,
        )
        for name, category, points in (
            ("Quiz 1", quizzes, 10),
            ("Quiz 2", quizzes, 20),
            ("Final", final, 100),
        )
    ]
    return Taught(
        session,
        record,
        subject,
        subject_of(colleague),
        registrar_of(session, school),
        enrollments,
        items,
    )


def registrar_of(session: Session, school: School) -> Subject:
    """A registrar as a request would know them."""
    user = school.with_duty(Duty.REGISTRAR, full_name="Renata Alvarez")
    return Subject(user.id, user.email, user.full_name, user.role, duties=frozenset({Duty.REGISTRAR}))


@dataclass
class CheckedOff:
    """The taught class with a list of two skills, and a way to save an attempt."""

    taught: Taught
    store: FileStore
    skills: list[int]
    versions: list[SkillVersion]

    @property
    def session(self) -> Session:
        return self.taught.session

    def save(
        self, values: Attempt, student: int = 0, skill: int = 0, by: Subject | None = None
    ) -> SkillAttempt:
        return service.check_off(
            self.session, by or self.taught.teacher, self.store, self.taught.id, self.skills[skill],
            self.taught.enrollments[student].id, values, ZONE,
        )  # fmt: skip

    def attempt(self, *marks: int, skill: int = 0, **fields: object) -> Attempt:
        values = marks or (given.PASSED if skill == 0 else (1, 1))
        return given.attempt(self.versions[skill], values, **fields)  # type: ignore[arg-type]

    def standing(self, student: int = 0, skill: int = 0) -> tuple[str, int]:
        """The state of a skill, and how many attempts count."""
        board = service.read_board(self.session, self.taught.registrar, self.taught.id, ZONE)
        line = next(one for one in board.skills if one.id == self.skills[skill])
        found = board.standing(self.taught.enrollments[student].id, line)
        return found.state.value, found.attempts


@pytest.fixture
def checked(taught: Taught, settings: Settings) -> CheckedOff:
    session, program = taught.session, taught.record.program_id
    made = [
        given.skill(session, program),
        given.skill(session, program, "Pass instruments", section="Chairside", required_passes=2,
                    criteria="Passes with one hand\nKeeps the field dry"),
    ]  # fmt: skip
    return CheckedOff(
        taught,
        open_store(settings),
        [one.id for one in made],
        [given.version_of(session, one) for one in made],
    )
