"""Timelines, the audit page and its search walk indexes, however long the history has grown."""

from collections.abc import Callable

import pytest
from sqlalchemy import event, text, true
from sqlalchemy.orm import Session

from app.desks import audit, queries
from app.desks.queries import TrailFilter
from app.web.paging import Paging
from tests.factories.school import School, subject_of

Read = Callable[[Session, School, int], object]


@pytest.fixture
def long_history(session: Session, school: School) -> tuple[School, int]:
    """Thirty thousand entries about three hundred students."""
    student = school.student(full_name="Maria Lopez")
    session.execute(
        text(
            "INSERT INTO audit_log (actor_id, actor_name, action, target, target_id, student_id, enrollment_id)"
            " SELECT 1000000 + n % 300, 'Somebody',"
            " (ARRAY['attendance.clocked_in', 'attendance.clocked_out', 'lesson.completed'])[1 + n % 3],"
            " 'attendance', (n / 2)::text, CASE WHEN n % 300 = 0 THEN :student ELSE 1000000 + n % 300 END, n % 400"
            " FROM generate_series(1, 30000) n"
        ),
        {"student": student.id},
    )
    session.execute(
        text(
            "INSERT INTO audit_log (actor_id, actor_name, action, target, target_id)"
            " SELECT 7, 'Somebody', 'program.created', 'programs', n::text FROM generate_series(1, 20) n"
        )
    )
    return school, student.id


def _page(wanted: TrailFilter, **paging: object) -> Read:
    return lambda session, school, _student: audit.listing(
        session,
        subject_of(school.admin()),
        wanted,
        Paging(**paging),  # type: ignore[arg-type]
        session.info["settings"].zone,
    ).page()


READS: dict[str, Read] = {
    "the timeline of a student": lambda session, _school, student: queries.entries_about(
        session, student, 40, true()
    ),
    "what happened lately": lambda session, _school, _student: queries.recent_entries(
        session, audit.LEARNING, None, 12
    ),
    "an actor": _page(TrailFilter(actor_id=1000003)),
    "an action": _page(TrailFilter(action="program.created")),
    "a record": _page(TrailFilter(target="attendance", target_id="77")),
    "an enrollment": _page(TrailFilter(enrollment_id=77)),
    "a word for an action": _page(TrailFilter(), q="program"),
    "a word for a person": _page(TrailFilter(), q="lopez"),
    "two words": _page(TrailFilter(), q="lopez clocked"),
}


@pytest.mark.parametrize("name", READS)
def test_it_is_read_by_index(session: Session, long_history: tuple[School, int], name: str) -> None:
    school, student_id = long_history
    asked: list[tuple[str, object]] = []

    def note(
        _connection: object, _cursor: object, statement: str, parameters: object, *_rest: object
    ) -> None:
        if "FROM audit_log" in statement:
            asked.append((statement, parameters))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    READS[name](session, school, student_id)
    event.remove(connection, "before_cursor_execute", note)
    assert asked
    cursor = connection.connection.cursor()
    for statement, parameters in asked:
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan" not in plan, plan
        assert "idx_audit_log" in plan, plan


def test_the_newest_page_of_everything_stops_at_its_end(
    session: Session, long_history: tuple[School, int]
) -> None:
    statement = "EXPLAIN SELECT * FROM audit_log ORDER BY audit_log.at DESC, audit_log.id DESC LIMIT 50"
    plan = "\n".join(row[0] for row in session.execute(text(statement)))
    assert "Index Scan Backward using idx_audit_log_at" in plan, plan
