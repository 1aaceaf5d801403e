"""`aada user`, as typed."""

from sqlalchemy import select

from app.accounts.notes import service as notes
from app.accounts.notes.service import NoteForm
from app.core.permissions import SYSTEM, Duty, Role
from app.db.models import AuditEntry
from app.db.session import Database
from tests.factories.accounts import UserFactory
from tests.factories.school import School
from tests.ops.conftest import Aada


def test_a_person_comes_goes_and_comes_back(aada: Aada) -> None:
    status, shown = aada("user", "create", "Nina@example.org", "--name", "Nina  Neu", "--role", "instructor")
    assert status == 0
    assert "Nina Neu <nina@example.org>, instructor" in shown
    assert "/set-password/" in shown
    assert "invited" in aada("user", "list")[1]
    assert "/set-password/" in aada("user", "invite", "nina@example.org")[1]
    assert "/set-password/" in aada("user", "link", "nina@example.org")[1]
    assert aada("user", "delete", "nina@example.org", "--yes")[0] == 0
    assert "nina@example.org" not in aada("user", "list")[1]
    assert "nina@example.org" in aada("user", "list", "--deleted", "--role", "instructor", "nina")[1]
    status, shown = aada("user", "create", "nina@example.org", "--name", "Nina Neu")
    assert status == 1
    assert "deleted account of Nina Neu" in shown
    assert aada("user", "restore", "nina@example.org")[0] == 0
    assert "0 of 0" in aada("user", "list", "--deleted")[1]


def test_every_note_is_gathered_for_an_inspection(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        maria = school.student(email="maria@example.org", full_name="Maria Reyes")
        for duty, body in ((Duty.BURSAR, "Asks for a payment plan."), (Duty.REGISTRAR, "Called today.")):
            notes.write(session, SYSTEM, maria.id, NoteForm(body=body, audience=[duty]))
    status, shown = aada("user", "notes", "maria@example.org", "--reason", "Asked in writing")
    assert status == 0
    assert "2 notes about Maria Reyes" in shown
    assert "Asks for a payment plan." in shown
    assert "Called today." in shown
    with live_database.begin() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "student_notes.gathered"))
        assert (entry.student_id, entry.reason) == (maria.id, "Asked in writing")
    assert "1 to 500 characters" in aada("user", "notes", "maria@example.org", "--reason", " ")[1]


def test_refusals_are_one_sentence(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        UserFactory(session=session, role=Role.ADMIN, email="ada@example.org", full_name="Ada Office")
    for arguments, words in (
        (("invite", "nobody@example.org"), "Nobody has the email address"),
        (("invite", "nonsense"), "Enter an email address"),
        (("create", "x@example.org", "--name", " "), "1 to 255 characters"),
        (("delete", "ada@example.org", "--yes"), "last administrator"),
        (("restore", "ada@example.org"), "no deleted person"),
        (("create", "ada@example.org", "--name", "Ada"), "has an account"),
    ):
        status, shown = aada("user", *arguments)
        assert status == 1
        assert words in shown
        assert shown.startswith("aada: ")
        assert shown.count("\n") == 1
