"""Importing people: what is made, what is refused, undoing, pages and routes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core import clock, proof
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.files import open_store
from app.core.permissions import SYSTEM, Duty, Role, Subject
from app.db.models import AccountLink, DataImport, OutboxMessage, User, UserSession
from app.settings import Settings
from app.web.imports import service
from tests.accounts.imports.conftest import FILE, actions, emails, run, send
from tests.factories.accounts import HASHED, PASSWORD, ApiTokenFactory
from tests.factories.school import School, subject_of


def test_people_are_made_with_their_history_and_invitations(session: Session, admin: Subject) -> None:
    record = send(session, admin, FILE)
    assert (record.status, record.rows_total, record.rows_bad, record.faults) == ("checked", 2, 0, [])
    assert emails(session) == [], "nothing is saved before it is asked for"
    done = run(session, admin, record)
    assert (done.status, done.rows_done) == ("imported", 2)
    people = session.scalars(select(User).where(User.role == Role.STUDENT).order_by(User.id)).all()
    assert [(one.full_name, one.email, one.hashed_password) for one in people] == [
        ("Ana O'Hara", "ana@example.org", "!"),
        ("Bo Li", "bo@example.org", "!"),
    ]
    letters = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [letter.to_address for letter in letters] == ["ana@example.org", "bo@example.org"]
    assert "Ana O'Hara" in letters[0].body_text
    assert all("/set-password/" not in letter.body_text for letter in letters)
    assert session.scalar(select(func.count()).select_from(AccountLink)) == 2
    waiting = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'mail.deliver'"
    assert session.execute(text(waiting)).scalar_one() == 2
    assert actions(session, "import.begun", "user.created", "account_link.invite_made", "import.applied") == [
        "import.begun",
        "user.created",
        "user.created",
        "account_link.invite_made",
        "account_link.invite_made",
        "import.applied",
    ]
    assert (
        session.execute(text("SELECT count(*) FROM file_claims WHERE released_at IS NULL")).scalar_one() == 0
    )


def test_the_choice_of_columns_is_remembered_for_the_person(
    session: Session, admin: Subject, school: School
) -> None:
    content = b"Who,Where\nAna,a@example.org\n"
    record = send(session, admin, content)
    assert record.error is not None
    assert "No column of the file holds: Full name, Email" in record.error
    with pytest.raises(Conflict, match="Nothing was imported"):
        service.start(session, admin, open_store(session.info["settings"]), record.id, good_only=True)
    settings: Settings = session.info["settings"]
    service.map_columns(
        session,
        admin,
        settings,
        open_store(settings),
        record.id,
        {"full_name": "0", "email": "1", "role": ""},
    )
    assert (record.error, record.rows_bad) == (None, 0)
    again = send(session, admin, content)
    assert again.mapping == {"full_name": 0, "email": 1}
    other = send(session, subject_of(school.admin()), content)
    assert other.mapping == {}


def test_every_bad_row_is_named_with_field_value_and_what_to_do(
    session: Session, admin: Subject, school: School
) -> None:
    school.student(email="taken@example.org", full_name="Tessa Taken")
    school.student(email="gone@example.org", full_name="Gus Gone", deleted_at=clock.now())
    record = send(
        session,
        admin,
        b"Name,Email,Role\n"
        b"Good,good@example.org,student\n"
        b",empty@example.org,student\n"
        b"Bad,not-an-address,student\n"
        b"Boss,boss@example.org,owner\n"
        b"Twice,good@example.org,student\n"
        b"Taken,Taken@example.org,student\n"
        b"Gone,gone@example.org,student\n"
        b"=1+1,sum@example.org,student\n",
    )
    found = {(fault["row"], fault["field"]): (fault["value"], fault["message"]) for fault in record.faults}
    assert set(found) == {
        (3, "Full name"),
        (4, "Email"),
        (5, "Role"),
        (6, "Email"),
        (7, "Email"),
        (8, "Email"),
        (9, "Full name"),
    }
    assert found[4, "Email"][0] == "not-an-address"
    assert "Use one of: student, staff, administrator" in found[5, "Role"][1]
    assert "Row 2 has the same address" in found[6, "Email"][1]
    assert "Tessa Taken has an account" in found[7, "Email"][1]
    assert "Restore that account" in found[8, "Email"][1]
    assert record.rows_bad == 7
    with pytest.raises(Conflict, match=r"7 rows cannot be imported as they are\. Nothing was imported"):
        service.start(session, admin, open_store(session.info["settings"]), record.id, good_only=False)
    assert run(session, admin, record, good_only=True).rows_done == 1
    assert "good@example.org" in emails(session)


def test_admissions_add_students_and_nobody_else(session: Session, school: School) -> None:
    person = school.instructor()
    admissions = Subject(
        person.id, person.email, person.full_name, person.role, duties=frozenset({Duty.ADMISSIONS})
    )
    record = send(
        session, admissions, b"Name,Email,Role\nAna,a@example.org,student\nBo,b@example.org,admin\n"
    )
    assert [(fault["row"], fault["field"]) for fault in record.faults] == [(3, "Role")]


WITH_STAFF = b"Name,Email,Role\nAna,a@example.org,student\nBo,b@example.org,{role}\n"


def _queued(session: Session) -> int:
    return len(session.scalars(select(DataImport).where(DataImport.status == "queued")).all())


def test_an_administrator_in_a_file_asks_for_the_proof_that_one_on_the_page_asks_for(
    session: Session, school: School, signed_in: Callable[[User], TestClient]
) -> None:
    """The job that imports the file knows neither the session nor when its person was last proved."""
    office = signed_in(school.admin(hashed_password=HASHED))

    def sent(content: bytes) -> str:
        answer = office.post("/imports/people/new", files={"file": ("people.csv", content)})
        return str(answer.headers["location"])

    with_admin, without = sent(WITH_STAFF.replace(b"{role}", b"admin")), sent(FILE)
    for row in session.scalars(select(UserSession)):
        row.proved_at = clock.now() - proof.FRESH
    session.commit()
    assert office.post(f"{without}/start", data={"good_only": "false"}).status_code == 303
    asked = office.post(f"{with_admin}/start", data={"good_only": "false"})
    assert asked.status_code == 403
    assert "Confirm that it is you" in asked.text
    assert _queued(session) == 1
    # Begun with a column that makes everybody a student, it is not given another one on the way.
    students = {"column_full_name": "0", "column_email": "1", "column_role": ""}
    assert office.post(f"{with_admin}/columns", data=students).status_code == 303
    assert office.post(f"{with_admin}/start", data={"good_only": "false"}).status_code == 303
    assert office.post(f"{with_admin}/columns", data=students | {"column_role": "2"}).status_code == 403
    proved = {"proof_password": PASSWORD, "proof_target": f"{with_admin}/start", "proof_method": "post"}
    answer = office.post("/prove", data=proved)
    assert answer.status_code == 307, answer.text
    assert office.post(f"{with_admin}/columns", data=students | {"column_role": "2"}).status_code == 303
    assert office.post(f"{with_admin}/start", data=proved).status_code == 303


@pytest.mark.parametrize(("role", "scopes", "status"), [
    ("staff", ["students.manage", "imports.run"], 403),
    ("admin", ["students.manage", "imports.run"], 403),
    ("student", ["students.manage", "imports.run"], 201),
    ("staff", ["accounts.manage", "students.manage", "imports.run"], 201),
    ("admin", ["accounts.manage", "students.manage", "imports.run"], 403),
])  # fmt: skip
def test_a_token_adds_nobody_by_a_file_that_it_could_not_add_one_by_one(
    client: TestClient, session: Session, school: School, role: str, scopes: list[str], status: int
) -> None:
    ApiTokenFactory(session=session, user_id=school.admin().id, secret="aada_x", scopes=scopes)
    session.commit()
    answer = client.post(
        "/api/v1/imports/people?dry_run=false&good_only=true",
        files={"file": ("people.csv", WITH_STAFF.replace(b"{role}", role.encode()))},
        headers={"authorization": "Bearer aada_x"},
    )
    assert answer.status_code == status, answer.text
    assert _queued(session) == (1 if status == 201 else 0)


@pytest.mark.parametrize("duty", [Duty.AUDITOR, Duty.INSTRUCTOR, Duty.BURSAR])
def test_others_may_not_import(session: Session, school: School, duty: Duty) -> None:
    person = school.instructor()
    subject = Subject(person.id, person.email, person.full_name, person.role, duties=frozenset({duty}))
    with pytest.raises(Forbidden):
        send(session, subject, FILE)
    record = send(session, SYSTEM, FILE)
    if duty is Duty.AUDITOR:
        assert service.find(session, subject, record.id) is record, "an auditor sees everything"
        assert service.possible(subject) == []
    for act in (
        lambda: service.start(
            session, subject, open_store(session.info["settings"]), record.id, good_only=False
        ),
        lambda: service.undo(session, subject, record.id),
        lambda: service.discard(session, subject, record.id),
        lambda: service.importable(subject, "people"),
    ):
        with pytest.raises((Forbidden, NotFound)):
            act()


def test_a_file_that_is_no_table_is_not_kept(session: Session, admin: Subject) -> None:
    for content in (b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"):
        with pytest.raises(Invalid):
            send(session, admin, content)
    assert session.execute(text("SELECT count(*) FROM file_claims")).scalar_one() == 0


def test_what_nobody_has_touched_can_be_undone_for_a_day(session: Session, admin: Subject) -> None:
    record = run(session, admin, send(session, admin, FILE))
    service.undo(session, admin, record.id)
    assert record.status == "undone"
    assert emails(session) == []
    assert actions(session, "import.undone") == ["import.undone"]
    assert run(session, admin, send(session, admin, FILE)).rows_done == 2, "the addresses are free again"
    with pytest.raises(Conflict, match="nothing to undo"):
        service.undo(session, admin, record.id)


def test_a_changed_person_is_not_taken_away(session: Session, admin: Subject) -> None:
    record = run(session, admin, send(session, admin, FILE))
    session.execute(text("UPDATE users SET last_sign_in_at = now() WHERE email = 'bo@example.org'"))
    with pytest.raises(Conflict, match=r"1 of the 2 people have been changed.* Nothing was undone"):
        service.undo(session, admin, record.id)
    assert emails(session) == ["ana@example.org", "bo@example.org"]


def test_a_person_with_records_is_not_taken_away(session: Session, admin: Subject, school: School) -> None:
    record = run(session, admin, send(session, admin, FILE))
    school.enrollment(session.scalars(select(User).where(User.email == "bo@example.org")).one())
    with pytest.raises(Conflict, match=r"have records already \(enrollments\).* Nothing was undone"):
        service.undo(session, admin, record.id)
    assert emails(session) == ["ana@example.org", "bo@example.org"]


def test_after_a_day_it_is_too_late(session: Session, admin: Subject) -> None:
    record = run(session, admin, send(session, admin, FILE))
    later = time_machine.travel(clock.now() + timedelta(hours=25), tick=False)
    with later, pytest.raises(Conflict, match="for a day, and that is over"):
        service.undo(session, admin, record.id)


def test_the_pages_from_the_file_to_the_undoing(
    session: Session, school: School, signed_in: Callable[[User], TestClient], settings: Settings
) -> None:
    office = signed_in(school.admin())
    assert "Nothing has been imported yet" in office.get("/imports").text
    assert office.get("/imports/nothing/new").status_code == 404
    assert "Full name,Email,Role" in office.get("/imports/people/template.csv").text
    assert "This field is required" in office.post("/imports/people/new", data={"file": ""}).text
    refused = office.post(
        "/imports/people/new", files={"file": ("people.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")}
    )
    assert refused.status_code == 422
    assert "save it as .xlsx or CSV" in refused.text
    sent = office.post(
        "/imports/people/new", files={"file": ("fall.csv", b"Name;Email\nAna;a@example.org\nBo;no\n")}
    )
    here = sent.headers["location"]
    page = office.get(here).text
    assert "Import the good rows" in page
    assert "Enter an e-mail address" in page or "Enter an email address" in page
    assert "no," in office.get(f"{here}/faults.csv").text
    stopped = office.post(f"{here}/start", data={"good_only": ""})
    assert stopped.status_code == 409
    assert "Nothing was imported" in stopped.text
    wrong = office.post(f"{here}/columns", data={"column_full_name": "0", "column_email": "7"})
    assert wrong.status_code == 422
    assert "does not have this column" in wrong.text
    assert (
        office.post(f"{here}/columns", data={"column_full_name": "0", "column_email": "1"}).status_code == 303
    )
    assert office.post(f"{here}/start", data={"good_only": "yes"}).headers["location"] == here
    assert 'hx-trigger="every 2s"' in office.get(here).text
    number = int(here.rpartition("/")[2])
    session.expire_all()
    subject = subject_of(
        session.scalars(select(User).where(User.role == Role.ADMIN)).first() or school.admin()
    )
    service.run(session, subject, settings, open_store(settings), number)
    session.commit()
    assert "1 row imported" in office.get(here).text
    assert "fall.csv" in office.get("/imports?q=fall").text
    assert office.get("/imports?format=csv").status_code == 200
    assert office.post(f"{here}/undo").status_code == 303
    assert "This import was undone" in office.get(here).text
    for path in ("/imports", here, "/imports/people/new"):
        assert signed_in(school.student()).get(path).status_code in (403, 404)


def test_the_api_checks_unless_asked_to_import(
    session: Session, school: School, signed_in: Callable[[User], TestClient]
) -> None:
    office = signed_in(school.admin())
    found = office.post("/api/v1/imports/people", files={"file": ("p.csv", FILE)}).json()
    assert (found["status"], found["rows_total"], found["mapping"]) == (
        "checked",
        2,
        {"full_name": 0, "email": 1, "role": 2},
    )
    begun = office.post("/api/v1/imports/people?dry_run=false", files={"file": ("p.csv", FILE)})
    assert begun.json()["status"] == "queued"
    assert office.post(f"/api/v1/imports/{found['id']}/start").status_code == 202
    assert (
        office.put(f"/api/v1/imports/{found['id']}/mapping", json={"mapping": {"email": 99}}).status_code
        == 422
    )
    assert office.delete(f"/api/v1/imports/{found['id']}").status_code == 204
    assert office.get(f"/api/v1/imports/{found['id']}").json()["status"] == "discarded"
    assert office.post(f"/api/v1/imports/{found['id']}/start").status_code == 409
    assert office.post("/api/v1/imports/nothing", files={"file": ("p.csv", FILE)}).status_code == 404
    assert office.post("/api/v1/imports/people", files={"other": ("p.csv", FILE)}).status_code == 422
    assert office.get("/api/v1/imports").json()["total"] == 2
