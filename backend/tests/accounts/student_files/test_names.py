"""Legal names with their dates: old documents keep the old name, new ones take the new."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.names import service
from app.accounts.names.schemas import NameChange
from app.accounts.people import queries as people
from app.accounts.profiles import queries as profiles
from app.accounts.profiles import service as files
from app.accounts.profiles.schemas import DetailsForm
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.files import FileStore, open_store
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import NameRequest, OutboxMessage, User
from app.db.session import Database
from app.settings import Settings
from app.web.paging import Paging
from tests.accounts.student_files.conftest import PDF, TODAY, SignedIn, entries, picture, wait_for_a_lock
from tests.factories.school import School

MARRIED = NameChange(first_name="Maria", last_name="Lopez", counts_from=date(2026, 3, 1), reason="Marriage")


@pytest.fixture
def store(settings: Settings) -> FileStore:
    return open_store(settings)


def change(
    session: Session, subject: Subject, store: FileStore, user: User, values: NameChange = MARRIED
) -> None:
    service.change_name(session, subject, store, user.id, values, PDF, TODAY)


def test_each_day_has_its_name(session: Session, store: FileStore, maria: User, registrar: Subject) -> None:
    change(session, registrar, store, maria)
    back = NameChange(last_name="Reyes Ortiz", counts_from=date(2026, 5, 1), reason="Divorce")
    change(session, registrar, store, maria, back)
    days = {
        date(2020, 1, 1): "Maria Reyes",
        date(2026, 2, 28): "Maria Reyes",
        date(2026, 3, 1): "Maria Lopez",
        date(2026, 4, 30): "Maria Lopez",
        date(2026, 5, 1): "Reyes Ortiz",
        TODAY: "Reyes Ortiz",
    }
    assert {day: service.name_on(session, maria.id, day) for day in days} == days
    with pytest.raises(NotFound):
        service.name_on(session, maria.id + 1_000_000, TODAY)


def test_a_change_has_its_parts_its_reason_and_its_document(
    session: Session, store: FileStore, maria: User, registrar: Subject, signed_in: SignedIn, school: School
) -> None:
    change(session, registrar, store, maria)
    session.refresh(maria)
    profile = profiles.profile(session, maria.id)
    assert profile is not None
    assert (maria.full_name, profile.last_name) == ("Maria Lopez", "Lopez")
    [entry] = entries(session, "name.changed")
    assert (entry.reason, entry.details["full_name"]) == ("Marriage", ["Maria Reyes", "Maria Lopez"])
    [former] = service.former_names(session, registrar, maria.id)
    client = signed_in(school.with_duty(Duty.REGISTRAR))
    answer = client.get(f"/people/{maria.id}/name-changes/{former.id}/document")
    assert answer.content == PDF
    assert answer.headers["content-disposition"].startswith("attachment")
    assert entries(session, "name.document_opened")[0].student_id == maria.id
    other = school.student()
    assert client.get(f"/people/{other.id}/name-changes/{former.id}/document").status_code == 404
    [hit] = files.find_known_as(session, registrar, Paging(q="reyes")).page().items
    assert hit.text == "Maria Reyes"


@pytest.mark.parametrize(
    ("update", "error", "why"),
    [
        ({"counts_from": date(2026, 5, 7)}, Invalid, "in the future"),
        ({"last_name": "Reyes"}, Invalid, "already"),
        ({"first_name": "M" * 100, "middle_name": "M" * 100, "last_name": "M" * 100}, Invalid, "255"),
    ],
)
def test_a_change_that_is_none_is_refused(
    session: Session,
    store: FileStore,
    maria: User,
    registrar: Subject,
    update: dict[str, object],
    error: type[Exception],
    why: str,
) -> None:
    with pytest.raises(error, match=why):
        change(session, registrar, store, maria, MARRIED.model_copy(update=update))


def test_a_change_before_the_last_one_is_refused(
    session: Session, store: FileStore, maria: User, registrar: Subject
) -> None:
    change(session, registrar, store, maria)
    with pytest.raises(Conflict, match="March 1, 2026"):
        change(session, registrar, store, maria, MARRIED.model_copy(update={"last_name": "Ruiz"}))


def test_a_change_and_a_correction_at_once_come_one_after_the_other(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        maria = School(session).student(full_name="Maria Reyes")
        files.save_preferred_name(session, SYSTEM, maria.id, "Mari")
    store = open_store(live_settings)

    def marry() -> None:
        with live_database.begin() as session:
            service.change_name(session, SYSTEM, store, maria.id, MARRIED, PDF, TODAY)

    with ThreadPoolExecutor(1) as pool:
        with live_database.begin() as correcting:
            # The steps of `update_person`: the account, then the file.
            people.user(correcting, maria.id, lock=True)
            waiting = pool.submit(marry)
            wait_for_a_lock(live_database)
            correcting.execute(text("SET LOCAL lock_timeout = '2s'"))
            profiles.forget_name_parts(correcting, maria.id)
        waiting.result()


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\0 a program", b"<html><script>", b"%PDF-1.7 cut off", b"PK\x03\x04"]
)
def test_what_is_no_document_is_refused(
    session: Session, store: FileStore, maria: User, registrar: Subject, content: bytes
) -> None:
    with pytest.raises(Invalid):
        service.change_name(session, registrar, store, maria.id, MARRIED, content, TODAY)
    assert maria.full_name == "Maria Reyes"


def test_a_corrected_spelling_is_no_change_of_name(
    session: Session, maria: User, registrar: Subject, signed_in: SignedIn, school: School
) -> None:
    files.save_details(
        session, registrar, maria.id, DetailsForm(first_name="Maria", last_name="Reyes"), TODAY
    )
    client = signed_in(school.admin())
    typed = {"full_name": "Maria Reyez", "email": maria.email, "role": "student"}
    assert client.post(f"/people/{maria.id}/edit", data=typed).status_code == 303
    session.expire_all()
    assert service.former_names(session, registrar, maria.id) == []
    profile = profiles.profile(session, maria.id)
    assert profile is not None
    assert profile.last_name is None


# Requests


def ask(client: object, **more: str) -> object:
    typed = {
        "first_name": "Maria",
        "last_name": "Lopez",
        "counts_from": "2026-03-01",
        "reason": "Marriage",
    } | more
    return client.post(  # type: ignore[attr-defined]
        "/account/file/name-request/new", data=typed, files={"document": ("paper.jpg", picture("JPEG"))}
    )


def test_a_student_asks_and_the_office_approves(
    session: Session, maria: User, signed_in: SignedIn, school: School, registrar: Subject
) -> None:
    client = signed_in(maria)
    assert ask(client).status_code == 303  # type: ignore[attr-defined]
    again = ask(client)
    assert again.status_code == 409  # type: ignore[attr-defined]
    assert "waiting" in client.get("/account/file").text or "not decided" in client.get("/account/file").text
    [row] = service.list_requests(session, registrar, Paging()).page().items
    number = row.NameRequest.id
    office = signed_in(school.with_duty(Duty.REGISTRAR))
    assert "Maria Lopez" in office.get(f"/people/name-requests/{number}").text
    assert office.get(f"/people/name-requests/{number}/document").headers["content-type"] == "image/jpeg"
    done = office.post(f"/people/name-requests/{number}/approve", data={"answer": "Congratulations"})
    assert done.status_code == 303
    session.expire_all()
    assert session.get_one(User, maria.id).full_name == "Maria Lopez"
    assert service.name_on(session, maria.id, date(2026, 2, 1)) == "Maria Reyes"
    twice = office.post(f"/people/name-requests/{number}/decline", data={"answer": "No"})
    assert twice.status_code == 409
    mail = session.scalars(select(OutboxMessage).where(OutboxMessage.to_address == maria.email)).one()
    assert "Congratulations" in mail.body_text


def test_a_declined_request_leaves_the_name(
    session: Session, maria: User, me: Subject, registrar: Subject, store: FileStore
) -> None:
    record = service.ask(session, me, store, maria.id, MARRIED, PDF, TODAY)
    service.decline(session, registrar, record.id, "The document is not readable.")
    assert maria.full_name == "Maria Reyes"
    assert session.get_one(NameRequest, record.id).approved is False
    service.ask(session, me, store, maria.id, MARRIED, PDF, TODAY)


def test_nobody_asks_for_another_or_decides_their_own(
    session: Session,
    maria: User,
    registrar: Subject,
    store: FileStore,
    duty: Callable[[Duty], Subject],
    me: Subject,
) -> None:
    with pytest.raises(NotFound):
        service.ask(session, registrar, store, maria.id, MARRIED, PDF, TODAY)
    record = service.ask(session, me, store, maria.id, MARRIED, PDF, TODAY)
    for subject in (me, duty(Duty.BURSAR), duty(Duty.AUDITOR)):
        with pytest.raises(Forbidden):
            service.decline(session, subject, record.id, "No")
