"""Importing student files, and taking an import back."""

import io

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.profiles import service
from app.accounts.profiles.schemas import PhoneForm
from app.core.errors import Conflict
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.db.models import DataImport, StudentAddress, StudentProfile, User
from app.settings import Settings
from app.web.imports import service as imports
from tests.accounts.student_files.conftest import TODAY
from tests.factories.school import School

HEAD = "Email,DOB,Goes by,Mobile,Address,City,State,ZIP code,Emergency contact,Relationship,Emergency phone\n"
GOOD = "maria@example.org,02/03/2001,Mari,(404) 555-0134,1 Peachtree St,Atlanta,GA,30303,Rosa,Mother,404 555 0135\n"


def send(session: Session, settings: Settings, text: str) -> DataImport:
    return imports.send(
        session,
        SYSTEM,
        settings,
        open_store(settings),
        "student-files",
        io.BytesIO(text.encode()),
        "files.csv",
    )


def run(session: Session, settings: Settings, record: DataImport) -> DataImport:
    imports.start(session, SYSTEM, open_store(settings), record.id, good_only=False)
    return imports.run(session, SYSTEM, settings, open_store(settings), record.id)


def test_a_file_is_filled_and_emptied_again(session: Session, settings: Settings, maria: User) -> None:
    done = run(session, settings, send(session, settings, HEAD + GOOD))
    assert done.status == "imported", done.error
    found = service.read_file(session, SYSTEM, maria.id)
    assert found.called == "Mari"
    assert [one.line1 for one in found.addresses] == ["1 Peachtree St"]
    assert [one.name for one in found.contacts] == ["Rosa"]
    imports.undo(session, SYSTEM, done.id)
    assert session.scalar(select(func.count()).select_from(StudentProfile)) == 0
    assert session.scalar(select(func.count()).select_from(StudentAddress)) == 0


def test_a_file_that_changed_since_stays(session: Session, settings: Settings, maria: User) -> None:
    done = run(session, settings, send(session, settings, HEAD + GOOD))
    service.save_contact(session, SYSTEM, maria.id, PhoneForm(number="(770) 555-0100"), TODAY)
    with pytest.raises(Conflict, match="changed since"):
        imports.undo(session, SYSTEM, done.id)


@pytest.mark.parametrize("born", ["2001-02-03", "2/3/2001", "2001-02-03 00:00:00", "1971-02-03"])
def test_a_birth_date_as_spreadsheets_write_it(
    session: Session, settings: Settings, maria: User, born: str
) -> None:
    record = send(session, settings, HEAD + GOOD.replace("02/03/2001", born))
    assert not record.faults


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nobody@example.org,,,,,,,,,,\n", "No student"),
        (GOOD.replace("02/03/2001", "Feb 3, 2001"), "not a date"),
        (GOOD.replace("02/03/2001", "02/30/2001"), "no such day"),
        (GOOD.replace("02/03/2001", "30/03/2001"), "month first"),
        (GOOD.replace("Mari", "M" * 101), "more than 100 characters"),
        (GOOD.replace("Rosa", "R" * 121), "more than 120 characters"),
        (GOOD.replace("Mother", "M" * 61), "more than 60 characters"),
        (GOOD.replace("02/03/2001", "02/03/2030"), "future"),
        (GOOD.replace("GA", "Georgia"), "two-letter state"),
        (GOOD.replace("(404) 555-0134", "12"), "phone number"),
        (GOOD.replace("Mother", ""), "needs a name"),
        (GOOD + GOOD, "same student"),
    ],
)
def test_rows_that_cannot_be_imported_say_why(
    session: Session, settings: Settings, school: School, maria: User, line: str, why: str
) -> None:
    record = send(session, settings, HEAD + line)
    assert record.faults, line
    assert any(why in fault["message"] for fault in record.faults), record.faults
