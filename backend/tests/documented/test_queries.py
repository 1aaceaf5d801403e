"""The documented queries, run as they are written beside the functions the product uses.

`queries.txt` keeps the document's text as it is (as .md its code would be reformatted); where the document itself
is at hand, the two must agree.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.compliance.attendance.queries import attendance_hours_per_student
from app.core.permissions import Permission
from app.db.models import Attendance, EnrollmentStatus, Transcript, User, Withdrawal
from app.enrollment import queries
from app.ops import monitoring
from tests.factories.school import School, subject_of

TEXT = (Path(__file__).parent / "queries.txt").read_text(encoding="utf-8")
LONG_AGO = datetime(2026, 1, 10, 14, tzinfo=UTC)


def block(heading: str, language: str = "sql") -> str:
    """The code under a bold heading of the document."""
    found = re.search(rf"\*\*{re.escape(heading)}\*\*[^\n]*:\n```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found, heading
    return found[1]


def statement(comment: str) -> str:
    """The statement under a comment of the monitoring block."""
    found = re.search(rf"-- {comment}\n(.*?;)", block("PostgreSQL stats"), re.DOTALL)
    assert found, comment
    return found[1]


def as_documented(session: Session, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.execute(text(sql)).all()]


def first(rows: Sequence[Any], columns: int) -> list[tuple[Any, ...]]:
    """The documented columns of our rows; what else the product needs stands behind them."""
    return [tuple(row)[:columns] for row in rows]


@pytest.fixture
def rich(session: Session) -> Session:
    """People and enrollments of every kind, with ties and with a soft-deleted student."""
    school = School(session)
    programs = [school.program(name=name) for name in ("Dental Assistant", "Sterile Processing")]
    people = [school.student(full_name=f"Student {number % 7}") for number in range(14)]
    people.append(school.student(full_name="Deleted Dana", deleted_at=LONG_AGO))
    for number, person in enumerate(people):
        for place, program in enumerate(programs):
            enrollment = school.enrollment(
                person,
                program,
                status=list(EnrollmentStatus)[(number + place) % 3] if number < 14 else "active",
                enrolled_at=date(2026, 1, 1 + number // 3),
                progress_pct=(0, 40, 99, 100)[number % 4] if number < 14 else 100,
            )
            if number % 5 == 0:
                session.add(Transcript(user_id=person.id, program_id=programs[0].id, generated_at=LONG_AGO))
            if (number + place) % 3 == 2 or number == 14:
                session.add(
                    Withdrawal(
                        user_id=person.id,
                        enrollment_id=enrollment.id,
                        requested_at=LONG_AGO + timedelta(days=number // 2),
                        reason=f"Reason {number}" if number % 2 else None,
                        admin_processed_at=LONG_AGO if number % 4 == 1 else None,
                    )
                )
            if number % 3 != 1:
                began = LONG_AGO + timedelta(days=place)
                school.attendance(enrollment, began, minutes=60 + 7 * number)
    school.attendance(school.enrollment(people[1]), datetime(2026, 3, 1, 14, tzinfo=UTC), clock_out=None)
    session.flush()
    return session


def same_rows(ours: list[tuple[Any, ...]], documented: list[tuple[Any, ...]]) -> None:
    assert documented, "rows to compare"
    assert Counter(ours) == Counter(documented)


def test_active_enrollments(rich: Session) -> None:
    documented = as_documented(rich, block("List all active enrollments"))
    ours = first(queries.active_enrollments(rich, with_deleted=True), 3)
    same_rows(ours, documented)
    assert [row[2] for row in ours] == [row[2] for row in documented], "newest first"
    present = first(queries.active_enrollments(rich), 3)
    assert Counter(documented) - Counter(present) == Counter(
        row for row in documented if row[0] == "Deleted Dana"
    )


def test_attendance_hours(rich: Session) -> None:
    documented = as_documented(rich, block("Calculate total attendance hours per student"))
    same_rows(first(rich.execute(attendance_hours_per_student()).all(), 2), documented)


def test_pending_withdrawals(rich: Session) -> None:
    documented = as_documented(rich, block("List pending withdrawals"))
    ours = first(queries.pending_withdrawals(rich, with_deleted=True), 4)
    same_rows(ours, documented)
    assert [row[2] for row in ours] == [row[2] for row in documented], "oldest first"
    assert "Deleted Dana" in {row[0] for row in documented}
    assert "Deleted Dana" not in {row.full_name for row in queries.pending_withdrawals(rich)}


def test_eligible_for_graduation(rich: Session) -> None:
    documented = as_documented(rich, block("Find students eligible for graduation"))
    same_rows(first(queries.eligible_for_graduation(rich, with_deleted=True), 2), documented)
    present = {row.full_name for row in queries.eligible_for_graduation(rich)}
    assert present == {row[0] for row in documented} - {"Deleted Dana"}


def test_user_with_enrollments(rich: Session) -> None:
    source = block("Fetch user with enrollments", "python")
    email = rich.scalars(select(User.email).order_by(User.id)).first()
    assert "alice@aada.edu" in source
    names: dict[str, Any] = {"db": rich}
    exec(source.replace("alice@aada.edu", str(email)), names)  # noqa: S102 - the document's own example
    ours = queries.user_with_enrollments(rich, str(email))
    assert ours is names["user"]
    assert {one.id for one in ours.enrollments} == {one.id for one in names["enrollments"]}
    assert len(ours.enrollments) == 2
    assert queries.user_with_enrollments(rich, "nobody@example.org") is None


def test_students_with_most_hours(rich: Session) -> None:
    names: dict[str, Any] = {"db": rich, "User": User, "Attendance": Attendance}
    exec(block_of_joins(), names)  # noqa: S102 - the document's own example
    documented = [tuple(row) for row in names["top_students"]]
    assert len(documented) == 10
    hours = attendance_hours_per_student().subquery()
    total = func.nullif(hours.c.total_minutes, 0).label("total_minutes")
    ours = rich.execute(select(hours.c.full_name, total).order_by(total.desc()).limit(10)).all()
    assert [row[1] for row in ours] == [row[1] for row in documented]


def block_of_joins() -> str:
    return block("Complex query with joins", "python")


def test_table_sizes(rich: Session) -> None:
    documented = as_documented(rich, statement("Table sizes"))
    ours = monitoring.table_sizes(rich)
    same_rows(first(ours, 3), documented)
    assert [row.size_bytes for row in ours] == sorted((row.size_bytes for row in ours), reverse=True)
    assert "enrollments" in {row.tablename for row in ours}


def test_index_usage(rich: Session) -> None:
    """The document names columns that PostgreSQL has never had; with the real names the rows are the same."""
    sql = statement("Index usage")
    with pytest.raises(ProgrammingError, match='column "tablename" does not exist'), rich.begin_nested():
        rich.execute(text(sql))
    corrected = sql.replace("tablename", "relname").replace("indexname", "indexrelname")
    documented = as_documented(rich, corrected)
    ours = first(monitoring.index_usage(rich), 6)
    same_rows(ours, documented)
    assert ("public", "enrollments", "idx_enrollments_user_id") in {row[:3] for row in ours}


def test_active_connections(rich: Session) -> None:
    ((documented,),) = as_documented(rich, statement("Active connections"))
    ours = monitoring.active_connections(rich)
    assert ours > 0
    assert abs(ours - documented) <= 2, "the server's own workers come and go"


def test_every_documented_query_is_tried() -> None:
    tried = {
        "List all active enrollments",
        "Calculate total attendance hours per student",
        "List pending withdrawals",
        "Find students eligible for graduation",
        "Fetch user with enrollments",
        "Complex query with joins",
        "PostgreSQL stats",
    }
    written = re.findall(r"^\*\*([^*\n]+)\*\*[^\n]*:\n```", TEXT, re.MULTILINE)
    assert set(written) == tried
    assert (
        re.findall(r"^-- (.+)$", TEXT, re.MULTILINE)
        == [
            "Table sizes",
            "Index usage",
            "Active connections",
        ]
        or "-- Table sizes" in TEXT
    )


def test_the_kept_text_is_the_documents(shared_folder: Path) -> None:
    document = (shared_folder / "spec" / "database.md").read_text(encoding="utf-8")
    querying, monitored = TEXT.split("## Monitoring\n", 1)
    assert querying.strip() in document
    assert monitored.strip() in document


def test_operations_are_for_administrators(session: Session, signed_in: Callable[[User], TestClient]) -> None:
    school = School(session)
    admin = signed_in(school.admin())
    page = admin.get("/operations").text
    assert "idx_enrollments_user_id" in page
    assert "Database size" in page
    assert "idx_enrollments_user_id" in admin.get("/operations?format=csv").text
    figures = admin.get("/api/v1/operations/database").json()
    assert figures["active_connections"] >= 1
    assert {"enrollments", "users"} <= {row["tablename"] for row in figures["tables"]}
    for person in (school.instructor(), school.student()):
        assert not subject_of(person).may(Permission.ACCOUNTS_MANAGE)
        client = signed_in(person)
        for path in ("/operations", "/api/v1/operations/database"):
            assert client.get(path).status_code == 403
