"""`aada import`, as typed."""

from pathlib import Path

from sqlalchemy import func, select

from app.db.models import AuditEntry, DataImport, Enrollment, OutboxMessage, User
from app.db.session import Database
from tests.factories.school import School
from tests.ops.conftest import Aada


def _people(database: Database) -> set[str]:
    with database.begin() as session:
        return set(session.scalars(select(User.email)))


def test_people_and_enrollments_come_in_and_are_taken_away_again(
    aada: Aada, live_database: Database, tmp_path: Path
) -> None:
    people, enrollments = tmp_path / "people.csv", tmp_path / "enrollments.csv"
    people.write_text("Full name,Email\nAna O'Hara,ana@example.org\nBo Li,bo@example.org\n")
    with live_database.begin() as session:
        program = School(session).program(name="Dental Assistant")
        enrollments.write_text(f"Email,Program\nana@example.org,{program.id}\n")
    status, shown = aada("import", "people", str(people), "--dry-run")
    assert (status, "nothing was imported" in shown) == (0, True)
    assert _people(live_database) == set()
    assert aada("import", "people", str(people)) == (
        0,
        "people.csv: 2 rows, 0 of them to correct.\nImported: 2 people, as import number 2.\n",
    )
    assert _people(live_database) == {"ana@example.org", "bo@example.org"}
    assert aada("import", "enrollments", str(enrollments))[0] == 0
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(Enrollment)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2
        # The system did it: no person is named.
        assert set(session.scalars(select(AuditEntry.actor_id))) == {None}
    status, shown = aada("import", "undo", "2")
    assert status == 1
    assert "have records already" in shown
    for number, words in (("3", "1 enrollments of enrollments.csv"), ("2", "2 people of people.csv")):
        status, shown = aada("import", "undo", number)
        assert (status, words in shown) == (0, True)
    assert _people(live_database) == set()


def test_rows_that_cannot_be_imported_are_listed(aada: Aada, live_database: Database, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("Full name,Email\nAna O'Hara,ana@example.org\nBo Li,nonsense\n")
    status, shown = aada("import", "people", str(people))
    assert status == 1
    assert "row 3: Email “nonsense”: Enter an email address" in shown
    assert _people(live_database) == set()
    status, shown = aada("import", "people", str(people), "--good-only")
    assert (status, "Imported: 1 people" in shown) == (0, True)
    assert _people(live_database) == {"ana@example.org"}


def test_what_is_no_table_or_no_import_is_one_sentence(
    aada: Aada, live_database: Database, tmp_path: Path
) -> None:
    nonsense = tmp_path / "nonsense.xlsx"
    nonsense.write_bytes(b"PK nothing")
    for arguments in (("people", str(nonsense)), ("undo", "7")):
        status, shown = aada("import", *arguments)
        assert status == 1
        assert shown.startswith("aada: ")
        assert shown.count("\n") == 1
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(DataImport)) == 0
