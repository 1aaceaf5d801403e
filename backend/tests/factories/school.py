"""Rows that a school has, made with one call each; every value that a test does not care about is filled in."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.core.permissions import Duty, Role, Subject
from app.db.models import (
    Attendance,
    ClassInstructor,
    ClassMeeting,
    ClassSeat,
    ContentType,
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonCompletion,
    Module,
    Program,
    SchoolClass,
    ScormData,
    User,
    UserDuty,
)

_numbers = count(1)


def subject_of(user: User) -> Subject:
    """The person as a request would know them."""
    return Subject(user.id, user.email, user.full_name, user.role)


class School:
    """Makes rows in a session. Each method takes the model's columns as keywords and flushes, so ids are there."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def _add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        self.session.refresh(row)
        return row

    def user(self, role: Role = Role.STUDENT, **fields: Any) -> User:
        number = next(_numbers)
        defaults = {
            "email": f"person{number}@example.org",
            "full_name": f"Person {number}",
            "hashed_password": "!",
        }
        user: User = self._add(User(role=role, **(defaults | fields)))
        return user

    def student(self, **fields: Any) -> User:
        return self.user(Role.STUDENT, **fields)

    def instructor(self, **fields: Any) -> User:
        return self.user(Role.INSTRUCTOR, **fields)

    def admin(self, **fields: Any) -> User:
        return self.user(Role.ADMIN, **fields)

    def with_duty(self, duty: Duty, **fields: Any) -> User:
        """A member of staff with this duty alone, from today on; an administrator by role."""
        if duty is Duty.ADMINISTRATOR:
            return self.admin(**fields)
        user = self.instructor(**fields)
        self._add(UserDuty(user_id=user.id, duty=duty, starts_on=date(2026, 1, 1), reason="Hired for it"))
        return user

    def program(self, **fields: Any) -> Program:
        defaults = {"name": f"Program {next(_numbers)}", "clock_hours": 480, "duration_weeks": 52}
        program: Program = self._add(Program(**(defaults | fields)))
        return program

    def module(self, program: Program, **fields: Any) -> Module:
        number = next(_numbers)
        module: Module = self._add(
            Module(program_id=program.id, **({"name": f"Module {number}", "order_num": number} | fields))
        )
        return module

    def lesson(self, module: Module, **fields: Any) -> Lesson:
        number = next(_numbers)
        defaults = {
            "title": f"Lesson {number}",
            "content_type": ContentType.SCORM,
            "order_num": number,
            "estimated_minutes": 30,
        }
        lesson: Lesson = self._add(Lesson(module_id=module.id, **(defaults | fields)))
        return lesson

    def enrollment(self, user: User, program: Program | None = None, **fields: Any) -> Enrollment:
        program = program or self.program()
        defaults = {"status": EnrollmentStatus.ACTIVE, "enrolled_at": date(2026, 1, 5)}
        enrollment: Enrollment = self._add(
            Enrollment(user_id=user.id, program_id=program.id, **(defaults | fields))
        )
        return enrollment

    def school_class(self, program: Program | None = None, **fields: Any) -> SchoolClass:
        """A class of the program from 2026 on; `teacher`, `students` (enrollments) and `weekly` fill it."""
        number = next(_numbers)
        teacher, students = fields.pop("teacher", None), fields.pop("students", ())
        weekly = fields.pop("weekly", ())
        program_id = (
            students[0].program_id if students and program is None else (program or self.program()).id
        )
        defaults = {
            "code": f"C-{number}",
            "name": f"Class {number}",
            "program_id": program_id,
            "starts_on": date(2026, 1, 5),
            "ends_on": date(2027, 12, 31),
        }
        record: SchoolClass = self._add(SchoolClass(**(defaults | fields)))
        if teacher is not None:
            self._add(ClassInstructor(class_id=record.id, user_id=teacher.id, starts_on=record.starts_on))
        for enrollment in students:
            self._add(ClassSeat(class_id=record.id, enrollment_id=enrollment.id, starts_on=record.starts_on))
        for weekday, starts_at, ends_at in weekly:
            self._add(ClassMeeting(class_id=record.id, weekday=weekday, starts_at=starts_at, ends_at=ends_at))
        return record

    def teach(self, record: SchoolClass, teacher: User) -> None:
        """One more instructor of a class, from its first day."""
        self._add(ClassInstructor(class_id=record.id, user_id=teacher.id, starts_on=record.starts_on))

    def seat(self, record: SchoolClass, enrollment: Enrollment) -> None:
        """A student more in a class, from its first day."""
        self._add(ClassSeat(class_id=record.id, enrollment_id=enrollment.id, starts_on=record.starts_on))

    def attendance(
        self, enrollment: Enrollment, clock_in: datetime | None = None, **fields: Any
    ) -> Attendance:
        """A time entry; four hours long unless `clock_out` or `minutes` say otherwise."""
        clock_in = clock_in or datetime(2026, 5, 4, 12, tzinfo=UTC)
        minutes = fields.pop("minutes", 240)
        fields.setdefault("clock_out", clock_in + timedelta(minutes=minutes))
        entry: Attendance = self._add(
            Attendance(user_id=enrollment.user_id, enrollment_id=enrollment.id, clock_in=clock_in, **fields)
        )
        return entry

    def completion(self, enrollment: Enrollment, lesson: Lesson, **fields: Any) -> LessonCompletion:
        defaults = {"completed_at": datetime(2026, 5, 4, 12, tzinfo=UTC), "source": "content"}
        completion: LessonCompletion = self._add(
            LessonCompletion(enrollment_id=enrollment.id, lesson_id=lesson.id, **(defaults | fields))
        )
        return completion

    def scorm_data(self, enrollment: Enrollment, lesson: Lesson, **fields: Any) -> ScormData:
        defaults = {"cmi_core_lesson_status": "incomplete", "attempt_no": 1, "sco_id": "sco"}
        row: ScormData = self._add(
            ScormData(
                user_id=enrollment.user_id,
                enrollment_id=enrollment.id,
                lesson_id=lesson.id,
                **(defaults | fields),
            )
        )
        return row
