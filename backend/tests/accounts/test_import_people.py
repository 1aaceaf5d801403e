"""Importing people: what is made, what is refused, who wins a race, what a killed process leaves, and undoing."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.files import open_store
from app.core.permissions import SYSTEM, Duty, Role, Subject
from app.db.models import AccountLink, AuditEntry, DataImport, OutboxMessage, User
from app.db.session import Database
from app.settings import Settings
from app.web.imports import jobs, service
from tests.factories.school import School, subject_of

FILE = b"Name,E-mail,Role\nAna O'Hara,ANA@Example.org,student\nBo Li,bo@example.org,\n"


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def admin(school: School) -> Subject:
    return subject_of(school.admin(full_name="Ada Admin"))


def send(session: Session, subject: Any, content: bytes, kind: str = "people") -> DataImport:
    settings: Settings = session.info["settings"]
    return service.send(
        session, subject, settings, open_store(settings), kind, io.BytesIO(content), "people.csv"
    )


def run(session: Session, subject: Any, record: DataImport, *, good_only: bool = False) -> DataImport:
    settings: Settings = session.info["settings"]
    service.start(session, subject, record.id, good_only=good_only)
    return service.run(session, subject, settings, open_store(settings), record.id)


def emails(session: Session) -> list[str]:
    return list(session.scalars(select(User.email).where(User.role == Role.STUDENT).order_by(User.email)))


def actions(session: Session, *names: str) -> list[str]:
    found = select(AuditEntry.action).where(AuditEntry.action.in_(names)).order_by(AuditEntry.id)
    return list(session.scalars(found))


# What is made


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
        service.start(session, admin, record.id, good_only=True)
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


# What is refused


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
        service.start(session, admin, record.id, good_only=False)
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
        lambda: service.start(session, subject, record.id, good_only=False),
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


# Changes between the check and the import


def test_rows_are_checked_again_when_they_are_imported(
    session: Session, admin: Subject, school: School
) -> None:
    record = send(session, admin, FILE)
    service.start(session, admin, record.id, good_only=False)
    school.student(email="bo@example.org")
    settings: Settings = session.info["settings"]
    with pytest.raises(Conflict, match="something has changed since the file was checked"):
        service.run(session, admin, settings, open_store(settings), record.id)
    assert emails(session) == ["bo@example.org"]


def test_two_imports_of_the_same_people_at_once(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        session.info["settings"] = live_settings
        numbers = []
        for _ in range(2):
            record = send(session, SYSTEM, FILE)
            service.start(session, SYSTEM, record.id, good_only=False)
            numbers.append(record.id)
    together = threading.Barrier(2)

    def work(number: int) -> None:
        together.wait()
        jobs.work(live_database, live_settings, number)

    threads = [threading.Thread(target=work, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with live_database.begin() as session:
        records = [session.get_one(DataImport, number) for number in numbers]
        assert sorted(record.status for record in records) == ["checked", "imported"]
        lost = next(record for record in records if record.status == "checked")
        assert "2 rows cannot be imported" in str(lost.error)
        assert emails(session) == ["ana@example.org", "bo@example.org"]
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2


def test_a_person_added_at_the_same_moment_stops_the_whole_import(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_database.begin() as session:
        record = send(session, SYSTEM, FILE)
        service.start(session, SYSTEM, record.id, good_only=False)
        number = record.id
    # Committed after the import has looked, and before it writes.
    examine = service.examine

    def look(*arguments: Any, **named: Any) -> Any:
        found = examine(*arguments, **named)
        with live_database.begin() as other:
            other.add(User(email="bo@example.org", full_name="Bo", role=Role.STUDENT, hashed_password="!"))
        return found

    monkeypatch.setattr(service, "examine", look)
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        failed = session.get_one(DataImport, number)
        assert failed.status == "checked"
        assert "Nothing was imported" in str(failed.error)
        assert emails(session) == ["bo@example.org"]


@pytest.mark.parametrize("act", ["discard", "map"])
def test_what_is_answered_while_an_import_runs_holds(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    with live_database.begin() as session:
        session.info["settings"] = live_settings
        record = send(session, SYSTEM, FILE)
        service.start(session, SYSTEM, record.id, good_only=False)
        number = record.id
    examine = service.examine
    begun: list[bool] = []

    def look(*arguments: Any, **named: Any) -> Any:
        found = examine(*arguments, **named)
        if not begun:
            begun.append(True)
            with live_database.begin() as other:
                if act == "discard":
                    service.discard(other, SYSTEM, number)
                else:
                    store = open_store(live_settings)
                    columns = {"full_name": 1, "email": 1}
                    service.map_columns(other, SYSTEM, live_settings, store, number, columns)
        return found

    monkeypatch.setattr(service, "examine", look)
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        assert session.get_one(DataImport, number).status == ("discarded" if act == "discard" else "checked")
        assert emails(session) == []


def test_an_import_without_a_job_says_that_nothing_was_imported(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        session.info["settings"] = live_settings
        numbers = []
        for status in (None, "todo", "doing", "failed"):
            record = send(session, SYSTEM, FILE)
            service.start(session, SYSTEM, record.id, good_only=False)
            numbers.append(record.id)
            if status is not None:
                jobs.begin(session, record.id)
                change = (
                    "UPDATE procrastinate_jobs SET status = :status WHERE (args->>'import_id')::int = :id"
                )
                session.execute(text(change), {"status": status, "id": record.id})
    jobs.end_left_imports.func(
        SimpleNamespace(additional_context={"database": live_database, "settings": live_settings}), 0
    )
    with live_database.begin() as session:
        records = [session.get_one(DataImport, number) for number in numbers]
        assert [one.status for one in records] == ["checked", "queued", "queued", "checked"]
        assert "Start the import again" in str(records[0].error)


def test_a_failure_of_the_system_s_own_is_said_on_the_import(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_database.begin() as session:
        session.info["settings"] = live_settings
        record = send(session, SYSTEM, FILE)
        service.start(session, SYSTEM, record.id, good_only=False)
        number = record.id
    monkeypatch.setattr(service, "run", lambda *_arguments: 1 / 0)
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        failed = session.get_one(DataImport, number)
        assert (failed.status, failed.rows_done) == ("checked", 0)
        assert "Nothing was imported" in str(failed.error)


def test_a_database_that_goes_away_is_waited_for() -> None:
    lost = OperationalError("SELECT", {}, Exception("the server closed the connection"))
    job: Any = SimpleNamespace(
        attempts=0, task_name="web.import_file", priority=0, queue="default", lock=None
    )
    assert jobs.RETRY.get_retry_decision(exception=lost, job=job) is not None
    assert jobs.RETRY.get_retry_decision(exception=ZeroDivisionError(), job=job) is None


_KILLED = """
import os, signal, sys
from app.db.session import Database
from app.settings import Settings
from app.accounts import service as _accounts
from app.accounts.access import links
from app.web.imports import jobs
settings = Settings.model_validate_json(sys.stdin.read())
def die(*_a, **_k):
    os.kill(os.getpid(), signal.SIGKILL)
links.invite_all = die  # the accounts and their history are written, the mails are not
jobs.work(Database(settings), settings, int(sys.argv[1]))
"""


def test_a_killed_process_leaves_nothing_behind_and_the_import_can_begin_again(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        record = send(session, SYSTEM, FILE)
        service.start(session, SYSTEM, record.id, good_only=False)
        number = record.id
    values = live_settings.model_dump(mode="json")
    for name in ("secret_key", "aada_app_password", "database_url"):
        value = getattr(live_settings, name)
        values[name] = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, str(number)],
        input=json.dumps({name: value for name, value in values.items() if value is not None}),
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ},
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    with live_database.begin() as session:
        assert emails(session) == []
        assert actions(session, "user.created") == []
        assert session.get_one(DataImport, number).status == "queued"
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        assert session.get_one(DataImport, number).status == "imported"
        assert emails(session) == ["ana@example.org", "bo@example.org"]
    jobs.work(live_database, live_settings, number)
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2, (
            "a repeated job does nothing"
        )


# Undo


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


# Pages and routes


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
