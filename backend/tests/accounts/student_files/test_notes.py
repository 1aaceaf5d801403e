"""Notes by duty: others do not find them, nobody edits them, a better one takes their place."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from app.accounts.notes import service
from app.accounts.notes.service import NoteForm
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import User
from app.db.session import Database
from app.web.paging import Paging
from tests.accounts.student_files.conftest import SignedIn, entries
from tests.factories.school import School

MONEY = NoteForm(body="Asks for a payment plan.", audience=[Duty.BURSAR])
Make = Callable[[Duty], Subject]


def bodies(session: Session, subject: Subject, user: User) -> list[str]:
    return [one.note.body for one in service.notes_of(session, subject, user.id)]


def test_a_note_is_for_its_duties_and_its_author(
    session: Session, maria: User, registrar: Subject, duty: Make
) -> None:
    note = service.write(session, registrar, maria.id, MONEY)
    assert bodies(session, duty(Duty.BURSAR), maria) == [MONEY.body]
    assert bodies(session, registrar, maria) == [MONEY.body]
    for other in (Duty.ADMISSIONS, Duty.AUDITOR, Duty.ADMINISTRATOR, Duty.REGISTRAR):
        subject = duty(other)
        assert bodies(session, subject, maria) == [], other
        assert service.list_notes(session, subject, Paging()).page().items == []
        with pytest.raises(NotFound):
            service.get_note(session, subject, maria.id, note.id)


def test_pages_of_others_do_not_find_it(
    session: Session, maria: User, registrar: Subject, school: School, signed_in: SignedIn
) -> None:
    note = service.write(session, registrar, maria.id, MONEY)
    path = f"/people/{maria.id}/notes/{note.id}/edit"
    assert signed_in(school.with_duty(Duty.BURSAR)).get(path).status_code == 200
    for other in (school.with_duty(Duty.ADMISSIONS), school.admin()):
        client = signed_in(other)
        assert client.get(path).status_code == 404
        assert client.post(path, data={"body": "x", "audience": "bursar"}).status_code == 404
        assert MONEY.body not in client.get(f"/people/{maria.id}/notes").text
        assert MONEY.body not in client.get("/search?q=payment").text
    student = signed_in(maria)
    assert student.get(f"/people/{maria.id}/notes").status_code in (403, 404)
    second = school.student()
    assert (
        signed_in(school.with_duty(Duty.BURSAR)).get(f"/people/{second.id}/notes/{note.id}/edit").status_code
        == 404
    )


def test_an_instructor_reads_notes_of_their_own_students_alone(
    session: Session, maria: User, registrar: Subject, school: School, duty: Make
) -> None:
    service.write(
        session, registrar, maria.id, NoteForm(body="Needs a seat in front.", audience=[Duty.INSTRUCTOR])
    )
    stranger = duty(Duty.INSTRUCTOR)
    with pytest.raises(NotFound):
        service.notes_of(session, stranger, maria.id)
    assert service.list_notes(session, stranger, Paging()).page().total == 0
    teacher = school.instructor()
    school.school_class(teacher=teacher, students=[school.enrollment(maria)])
    subject = Subject(teacher.id, teacher.email, teacher.full_name, teacher.role)
    assert bodies(session, subject, maria) == ["Needs a seat in front."]


def test_a_better_note_takes_its_place_once(
    session: Session, maria: User, registrar: Subject, duty: Make
) -> None:
    old = service.write(session, registrar, maria.id, MONEY)
    bursar = duty(Duty.BURSAR)
    better = service.supersede(
        session, bursar, maria.id, old.id, NoteForm(body="The plan was agreed.", audience=[Duty.BURSAR])
    )
    found = {one.note.id: one.superseded_by for one in service.notes_of(session, bursar, maria.id)}
    assert found == {old.id: better.id, better.id: None}
    with pytest.raises(Conflict):
        service.supersede(session, registrar, maria.id, old.id, MONEY)
    assert [row.body for row in service.list_notes(session, bursar, Paging()).page().items] == [
        "The plan was agreed."
    ]


def test_the_database_refuses_to_change_or_delete_a_note(
    session: Session, maria: User, registrar: Subject
) -> None:
    service.write(session, registrar, maria.id, MONEY)
    for statement in ("UPDATE student_notes SET body = 'x'", "DELETE FROM student_notes"):
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(text(statement))


def test_two_better_notes_at_once_leave_one(live_database: Database) -> None:
    with live_database.begin() as session:
        user_id = School(session).student().id
        old = service.write(session, SYSTEM, user_id, MONEY).id
    barrier = Barrier(2)

    def replace(_: int) -> bool:
        try:
            with live_database.begin() as session:
                barrier.wait()
                service.supersede(session, SYSTEM, user_id, old, MONEY)
        except (Conflict, IntegrityError):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(replace, range(2))) == [False, True]


def test_writing_is_recorded_without_what_it_says(session: Session, maria: User, registrar: Subject) -> None:
    service.write(session, registrar, maria.id, MONEY)
    [entry] = entries(session, "student_note.written")
    assert entry.details == {"audience": ["bursar"], "supersedes": None}
    assert entry.student_id == maria.id


def test_the_form_says_that_the_student_may_inspect(school: School, maria: User, signed_in: SignedIn) -> None:
    page = signed_in(school.with_duty(Duty.REGISTRAR)).get(f"/people/{maria.id}/notes").text
    assert "may ask to inspect" in page


def test_who_writes(session: Session, maria: User, duty: Make, registrar: Subject, me: Subject) -> None:
    with pytest.raises(Forbidden):
        service.write(session, duty(Duty.AUDITOR), maria.id, MONEY)
    with pytest.raises(NotFound):
        service.write(session, duty(Duty.CONTENT_AUTHOR), maria.id, MONEY)
    with pytest.raises((Forbidden, NotFound)):
        service.write(session, me, maria.id, MONEY)
    with pytest.raises(Invalid, match="Content authors"):
        service.write(session, registrar, maria.id, NoteForm(body="x", audience=[Duty.CONTENT_AUTHOR]))
