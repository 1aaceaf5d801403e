"""Programs, modules and lessons: made, changed, put in order, deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.academics import queries, records, service
from app.academics.schemas import LessonFields, ProgramFields, ProgramIn
from app.core.clock import now
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import AuditEntry, ContentPackage, Enrollment, Launch, Lesson, Module, Program
from app.db.session import Database
from tests.factories.school import School, subject_of

SCORM = LessonFields(title="Instruments", content_type="scorm")


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def names(rows: Any) -> list[str]:
    return [getattr(row, "name", None) or row.title for row in rows]


def test_a_program_is_made_and_changed_with_a_trail(session: Session, admin: Subject) -> None:
    program = service.create_program(
        session, admin, ProgramIn(name="Dental Assistant Professional", tuition_amount_cents=1_200_000)
    )
    service.update_program(session, admin, program.id, {"name": "Dental Assistant", "duration_weeks": 52})
    assert (program.name, program.duration_weeks, program.tuition_amount_cents) == (
        "Dental Assistant",
        52,
        1_200_000,
    )
    trail = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in trail] == ["program.created", "program.updated"]
    assert trail[1].details["changed"] == {
        "name": ["Dental Assistant Professional", "Dental Assistant"],
        "duration_weeks": [None, "52"],
    }
    service.update_program(session, admin, program.id, {"name": "Dental Assistant"})
    assert len(actions(session)) == 2, "what changes nothing leaves no trail"


def test_a_form_opened_before_somebody_elses_change_is_refused(
    session: Session, school: School, admin: Subject
) -> None:
    program = school.program()
    seen = records.version(program)
    service.update_program(session, admin, program.id, {"name": "Renamed"}, seen)
    with pytest.raises(Conflict, match="Someone else changed this"):
        service.update_program(session, admin, program.id, {"name": "Mine"}, seen)
    assert program.name == "Renamed"


def test_new_modules_and_lessons_come_last(session: Session, school: School, admin: Subject) -> None:
    program = school.program()
    modules = [service.create_module(session, admin, program.id, name, None) for name in ("A", "B")]
    for title in ("1", "2", "3"):
        service.create_lesson(session, admin, modules[0].id, LessonFields(title=title, content_type="scorm"))
    assert [(m.name, m.order_num) for m in queries.modules_in_order(session, program.id)] == [
        ("A", 1),
        ("B", 2),
    ]
    assert [(x.title, x.order_num) for x in queries.lessons_in_order(session, modules[0].id)] == [
        ("1", 1),
        ("2", 2),
        ("3", 3),
    ]


def test_moving_stops_at_the_ends(session: Session, school: School, admin: Subject) -> None:
    program = school.program()
    a, b, c = (school.module(program, name=name) for name in "ABC")
    service.move_module(session, admin, c.id, "up")
    assert names(queries.modules_in_order(session, program.id)) == ["A", "C", "B"]
    service.move_module(session, admin, a.id, "up")
    service.move_module(session, admin, b.id, "down")
    assert names(queries.modules_in_order(session, program.id)) == ["A", "C", "B"]
    assert [m.order_num for m in queries.modules_in_order(session, program.id)] == [1, 2, 3]
    assert actions(session) == ["module.moved"]


def test_places_given_twice_are_put_right_by_the_next_move(
    session: Session, school: School, admin: Subject
) -> None:
    module = school.module(school.program())
    lessons = [school.lesson(module, title=title, order_num=7) for title in "ABC"]
    service.move_lesson(session, admin, lessons[2].id, "up")
    rows = queries.lessons_in_order(session, module.id)
    assert [(row.title, row.order_num) for row in rows] == [("A", 1), ("C", 2), ("B", 3)]


def test_a_whole_order_names_each_once(session: Session, school: School, admin: Subject) -> None:
    module = school.module(school.program())
    ids = [school.lesson(module, title=title).id for title in "ABC"]
    service.order_lessons(session, admin, module.id, ids[::-1])
    assert names(queries.lessons_in_order(session, module.id)) == ["C", "B", "A"]
    stranger = school.lesson(school.module(school.program())).id
    for wrong in ([], ids[:2], [*ids, ids[0]], [*ids[:2], stranger]):
        with pytest.raises(Conflict, match="each of the lessons of this module once"):
            service.order_lessons(session, admin, module.id, wrong)
    assert names(queries.lessons_in_order(session, module.id)) == ["C", "B", "A"]


def test_two_people_moving_at_once_leave_one_order(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        admin = subject_of(school.admin())
        program = school.program()
        ids = [school.module(program, name=name).id for name in "ABCDEFGH"]

    def move(number: int) -> None:
        with live_database.begin() as session:
            service.move_module(session, admin, ids[number], "down" if number % 2 else "up")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(move, [*range(8), *range(8)]))
    with live_database.begin() as session:
        rows = queries.modules_in_order(session, program.id)
        assert sorted(row.id for row in rows) == sorted(ids)
        assert [row.order_num for row in rows] == list(range(1, 9))


def test_two_people_adding_at_once_get_two_places(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        admin = subject_of(school.admin())
        module = school.module(school.program())

    def add(number: int) -> None:
        with live_database.begin() as session:
            values = LessonFields(title=f"L{number}", content_type="scorm")
            service.create_lesson(session, admin, module.id, values)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    with live_database.begin() as session:
        rows = queries.lessons_in_order(session, module.id)
        assert [row.order_num for row in rows] == list(range(1, 13))


def test_a_program_is_deleted_with_its_outline(session: Session, school: School, admin: Subject) -> None:
    program = school.program()
    school.lesson(school.module(program))
    service.delete_program(session, admin, program.id)
    for model in (Program, Module, Lesson):
        assert session.scalars(select(model)).all() == []
    assert actions(session) == ["program.deleted"]


@pytest.mark.parametrize("status", ["active", "completed", "withdrawn"])
def test_a_program_with_enrollments_stays(
    session: Session, school: School, admin: Subject, status: str
) -> None:
    program = school.program()
    school.enrollment(school.student(), program, status=status)
    with pytest.raises(Conflict, match="There is 1 enrollment in this program"):
        service.delete_program(session, admin, program.id)
    school.enrollment(school.student(), program, status=status)
    assert (service.why_program_stays(session, admin, program.id) or "").startswith("There are 2 enrollments")
    with pytest.raises(IntegrityError, match="fk_enrollments_program_id"), session.begin_nested():
        queries.remove(session, Program, program.id)


def test_what_students_worked_in_stays(session: Session, school: School, admin: Subject) -> None:
    program = school.program()
    module = school.module(program)
    done, opened, untouched = (school.lesson(module, title=title) for title in ("Done", "Opened", "New"))
    enrollment = school.enrollment(school.student(), program)
    school.completion(enrollment, done)
    school.scorm_data(enrollment, opened)
    for lesson in (done, opened):
        with pytest.raises(Conflict, match="their work is kept"):
            service.delete_lesson(session, admin, lesson.id)
        with pytest.raises(IntegrityError), session.begin_nested():
            queries.remove(session, Lesson, lesson.id)
    with pytest.raises(Conflict, match="worked in “Done”, “Opened”, so this module"):
        service.delete_module(session, admin, module.id)
    with pytest.raises(IntegrityError), session.begin_nested():
        queries.remove(session, Module, module.id)
    service.delete_lesson(session, admin, untouched.id)
    assert names(queries.lessons_in_order(session, module.id)) == ["Done", "Opened"]
    with pytest.raises(Conflict, match="its type cannot change"):
        service.update_lesson(
            session,
            admin,
            done.id,
            {"content_type": "video", "content_url": "https://example.org/film"},
        )


def test_a_preview_by_staff_keeps_no_lesson(session: Session, school: School, admin: Subject) -> None:
    lesson = school.lesson(school.module(school.program()))
    package = ContentPackage(
        lesson_id=lesson.id,
        version=1,
        standard="scorm12",
        title="Course",
        file_name="course.zip",
        sha256="0" * 64,
        size_bytes=1,
        manifest={},
    )
    session.add(package)
    session.flush()
    session.add(
        Launch(
            user_id=admin.user_id,
            lesson_id=lesson.id,
            package_id=package.id,
            preview=True,
            token_hash="1" * 64,
            expires_at=now(),
        )
    )
    session.flush()
    service.delete_lesson(session, admin, lesson.id)
    assert session.scalars(select(Lesson)).all() == []


def test_progress_follows_the_number_of_lessons(session: Session, school: School, admin: Subject) -> None:
    program = school.program()
    module = school.module(program)
    first = school.lesson(module)
    active = school.enrollment(school.student(), program, progress_pct=100)
    ended = school.enrollment(school.student(), program, progress_pct=100, status="completed")
    fresh = school.enrollment(school.student(), program)
    elsewhere = school.enrollment(school.student(), progress_pct=33)
    school.completion(active, first)
    school.completion(ended, first)

    def percents() -> list[int | None]:
        rows = session.execute(select(Enrollment.id, Enrollment.progress_pct))
        found = {row[0]: row[1] for row in rows}
        return [found[one.id] for one in (active, ended, fresh, elsewhere)]

    second = service.create_lesson(session, admin, module.id, SCORM)
    assert percents() == [50, 100, 0, 33]
    assert session.get(Enrollment, active.id).progress_pct == 50  # type: ignore[union-attr]
    third = service.create_lesson(session, admin, module.id, SCORM)
    assert percents() == [33, 100, 0, 33]
    service.delete_lesson(session, admin, second.id)
    service.delete_lesson(session, admin, third.id)
    assert percents() == [100, 100, 0, 33]
    other = service.create_module(session, admin, program.id, "Another", None)
    service.create_lesson(session, admin, other.id, SCORM)
    assert percents() == [50, 100, 0, 33]
    service.delete_module(session, admin, other.id)
    assert percents() == [100, 100, 0, 33]
    assert actions(session).count("progress.rewritten") == 6


@pytest.mark.parametrize(
    ("kind", "address", "field"),
    [
        ("scorm", "https://example.org/x", "content_url"),
        ("h5p", "https://example.org/x", "content_url"),
    ],
)
def test_a_lesson_is_of_a_kind_that_works(
    session: Session, school: School, admin: Subject, kind: str, address: str | None, field: str
) -> None:
    module = school.module(school.program())
    with pytest.raises(Invalid) as refusal:
        service.create_lesson(
            session, admin, module.id, LessonFields(title="L", content_type=kind, content_url=address)
        )
    assert [item.field for item in refusal.value.errors] == [field]
    # A video or document is uploaded, or at a web address.
    for uploaded in ("video", "document"):
        service.create_lesson(session, admin, module.id, LessonFields(title="L", content_type=uploaded))


ACTS: list[Callable[[Session, Subject, int], Any]] = [
    lambda s, p, n: service.create_program(s, p, ProgramFields(name="X")),
    lambda s, p, n: service.update_program(s, p, n, {"name": "X"}),
    service.delete_program,
    lambda s, p, n: service.create_module(s, p, n, "X", None),
    lambda s, p, n: service.update_module(s, p, n, {"name": "X"}),
    service.delete_module,
    lambda s, p, n: service.create_lesson(s, p, n, SCORM),
    lambda s, p, n: service.update_lesson(s, p, n, {"title": "X"}),
    service.delete_lesson,
    lambda s, p, n: service.move_module(s, p, n, "up"),
    lambda s, p, n: service.move_lesson(s, p, n, "up"),
    lambda s, p, n: service.order_modules(s, p, n, []),
    lambda s, p, n: service.order_lessons(s, p, n, []),
]


@pytest.mark.parametrize("act", ACTS)
def test_only_administrators_change_and_unknown_numbers_are_not_found(
    session: Session,
    school: School,
    admin: Subject,
    instructor: Subject,
    act: Callable[[Session, Subject, int], Any],
) -> None:
    student = subject_of(school.student())
    for person in (instructor, student):
        with pytest.raises(Forbidden):
            act(session, person, 1)
    with pytest.raises(Forbidden):
        service.read_program(session, student, 1)
    if act is not ACTS[0]:
        with pytest.raises(NotFound):
            act(session, admin, 2_000_000_000)
