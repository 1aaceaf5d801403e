"""Administration of people: who sees whom, and what may be changed."""

import csv
import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app.accounts import passwords
from app.accounts.people import queries, service
from app.core import clock
from app.core.errors import Conflict
from app.core.permissions import Role, Subject
from app.db.models import User
from app.db.session import Database
from app.settings import Settings
from tests.accounts.conftest import Make, actions, mail_to, mailed_link, post_sign_in
from tests.factories.accounts import ApiTokenFactory, UserFactory
from tests.factories.school import School

SignedIn = Callable[[User], TestClient]
NEW = {"full_name": "Nina Neu", "email": "Nina@Example.org", "role": "student"}


@pytest.fixture
def office(admin: User, signed_in: SignedIn) -> TestClient:
    """An administrator's browser."""
    return signed_in(admin)


def emails(answer: object) -> list[str]:
    return [item["email"] for item in answer.json()["items"]]  # type: ignore[attr-defined]


def test_adding_a_person_mails_the_invitation_and_without_a_mail_server_shows_it_once(
    office: TestClient, client: TestClient, session: Session, settings: Settings
) -> None:
    page = office.post("/people/new", data=NEW)
    assert page.status_code == 200
    message = mail_to(session, "nina@example.org")[0]
    link = mailed_link(settings, message)
    assert link in page.text
    user = session.scalars(select(User).where(User.email == "nina@example.org")).one()
    assert link not in office.get(f"/people/{user.id}/edit").text
    assert client.get(link.removeprefix(settings.app_origin)).status_code == 200
    assert "user.created" in actions(session)
    assert post_sign_in(client, user.email, passwords.NO_PASSWORD).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"email": "nonsense"},
        {"email": "a@localhost"},
        {"email": "ünï@example.org"},
        {"email": "x" * 300 + "@example.org"},
        {"full_name": "   "},
        {"full_name": "x" * 256},
        {"full_name": "a\0b"},
        {"role": "owner"},
        {"role": ""},
    ],
)
def test_what_is_wrong_is_named_and_nobody_is_added(
    office: TestClient, session: Session, change: dict[str, str]
) -> None:
    before = session.scalar(select(func.count()).select_from(User))
    page = office.post("/people/new", data=NEW | change)
    assert page.status_code == 422
    assert "<form" in page.text
    assert office.post("/api/v1/users", json=NEW | change).status_code == 422
    assert session.scalar(select(func.count()).select_from(User)) == before


def test_an_address_in_use_is_refused(office: TestClient, student: User) -> None:
    page = office.post("/people/new", data=NEW | {"email": student.email.upper()})
    assert page.status_code == 409
    assert "Maria Lopez already has an account" in page.text
    problem = office.post("/api/v1/users", json=NEW | {"email": student.email})
    assert problem.status_code == 409
    assert problem.json()["errors"][0]["field"] == "email"


def test_an_address_of_a_deleted_account_offers_to_restore_it(
    office: TestClient, session: Session, student: User
) -> None:
    student.deleted_at = clock.now()
    session.commit()
    page = office.post("/people/new", data=NEW | {"email": student.email})
    assert page.status_code == 409
    assert "belongs to the deleted account of Maria Lopez" in page.text
    assert f'action="/people/{student.id}/restore"' in page.text
    assert office.post(f"/people/{student.id}/restore").status_code == 303
    session.refresh(student)
    assert student.deleted_at is None


def test_instructors_see_students_and_students_see_themselves(
    session: Session, student: User, instructor: User, admin: User, make_user: Make, signed_in: SignedIn
) -> None:
    other, gone = make_user(), make_user(deleted_at=clock.now())
    school = School(session)
    for user in (student, gone):
        school.school_class(teacher=instructor, students=[school.enrollment(user)])
    teacher, pupil, office = signed_in(instructor), signed_in(student), signed_in(admin)
    assert set(emails(teacher.get("/api/v1/users"))) == {student.email}
    assert emails(teacher.get("/api/v1/users?role=admin")) == []
    assert len(emails(office.get("/api/v1/users"))) == 4
    assert emails(office.get("/api/v1/users?deleted=true")) == [gone.email]
    assert pupil.get("/api/v1/users").status_code == 403
    assert pupil.get("/people").status_code == 403
    assert teacher.get("/api/v1/users?deleted=true").status_code == 403
    assert teacher.get("/people/deleted").status_code == 403

    def seen(browser: TestClient) -> list[bool]:
        everybody = (student, other, instructor, admin, gone)
        statuses = [browser.get(f"/api/v1/users/{user.id}").status_code for user in everybody]
        assert set(statuses) <= {200, 404}
        return [status == 200 for status in statuses]

    assert seen(pupil) == [True, False, False, False, False]
    assert seen(teacher) == [True, False, True, False, False]
    assert seen(office) == [True] * 5
    assert office.get("/api/v1/users/2147483647").status_code == 404
    assert office.get("/api/v1/users/99999999999999999999").status_code == 404


def test_only_administrators_change_people(
    session: Session, student: User, instructor: User, make_user: Make, signed_in: SignedIn
) -> None:
    other = make_user()
    for browser in (signed_in(student), signed_in(instructor)):
        for answer in (
            browser.post("/people/new", data=NEW),
            browser.post(f"/people/{other.id}/edit", data=NEW),
            browser.post(f"/people/{other.id}/delete"),
            browser.post(f"/people/{other.id}/restore"),
            browser.post(f"/people/{other.id}/link"),
            browser.post("/api/v1/users", json=NEW),
            browser.patch(f"/api/v1/users/{other.id}", json={"role": "admin"}),
            browser.delete(f"/api/v1/users/{other.id}"),
            browser.post(f"/api/v1/users/{other.id}/restoration"),
            browser.post(f"/api/v1/users/{other.id}/link"),
        ):
            assert answer.status_code == 403
    assert "user.updated" not in actions(session)


def test_search_sort_pages_and_file(office: TestClient, make_user: Make) -> None:
    for number in range(30):
        make_user(full_name=f"Zoe {number:02d} O'Hara_%", email=f"zoe{number:02d}@example.org")
    first = office.get("/api/v1/users?q=zoe o'hara_%25&sort=-name&per_page=10").json()
    assert (first["total"], first["page"], first["pages"]) == (30, 1, 3)
    assert first["items"][0]["full_name"].startswith("Zoe 29")
    assert office.get("/api/v1/users?q=zoe%25nothing").json()["total"] == 0
    assert office.get("/api/v1/users?sort=hashed_password").status_code == 422
    assert office.get("/api/v1/users?role=owner").status_code == 422
    assert office.get("/people?q=zoe&sort=role&role=student&page=2").status_code == 200
    assert "Nothing matches" in office.get("/people?q=nobody-at-all").text
    file = office.get("/people?q=zoe&format=csv")
    rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert len(rows) == 31
    assert rows[0][1] == "Name"
    assert "$2b$" not in file.text


@pytest.mark.parametrize("name", ["name", "email", "role", "last_sign_in", "created"])
def test_every_offered_order_works(office: TestClient, name: str) -> None:
    assert office.get(f"/api/v1/users?sort={name}").status_code == 200
    assert office.get(f"/api/v1/users?sort=-{name}").status_code == 200


def test_the_list_takes_the_same_queries_however_long_it_is(
    office: TestClient, session: Session, make_user: Make
) -> None:
    counts = []
    for _ in range(2):
        statements: list[str] = []

        def note(
            _c: object, _cur: object, statement: str, *_rest: object, seen: list[str] = statements
        ) -> None:
            seen.append(statement)

        connection = session.connection()
        event.listen(connection, "before_cursor_execute", note)
        office.get("/people")
        event.remove(connection, "before_cursor_execute", note)
        counts.append(len([statement for statement in statements if statement.startswith("SELECT")]))
        for _ in range(15):
            make_user()
    assert counts[0] == counts[1] > 0


def test_editing_a_person(office: TestClient, session: Session, student: User) -> None:
    old = student.email
    change = {"full_name": "Maria Lopez-Diaz", "email": "m.lopez@example.org", "role": "instructor"}
    assert office.get(f"/people/{student.id}/edit").status_code == 200
    saved = office.post(f"/people/{student.id}/edit", data=change)
    assert saved.status_code == 303
    assert "Changes saved" in office.get(saved.headers["location"]).text
    session.expire_all()
    assert (student.full_name, student.email, student.role) == (
        "Maria Lopez-Diaz",
        "m.lopez@example.org",
        Role.INSTRUCTOR,
    )
    assert "was changed" in mail_to(session, old)[0].subject
    assert actions(session).count("user.updated") == 1
    # The same once more changes nothing and leaves no trace.
    office.post(f"/people/{student.id}/edit", data=change)
    assert actions(session).count("user.updated") == 1
    part = office.patch(f"/api/v1/users/{student.id}", json={"full_name": "Maria Diaz"})
    assert (part.json()["full_name"], part.json()["email"]) == ("Maria Diaz", "m.lopez@example.org")


def test_another_address_takes_the_links_along(
    office: TestClient, client: TestClient, session: Session, settings: Settings, make_user: Make
) -> None:
    user = make_user(hashed_password=passwords.NO_PASSWORD, email="wrong@example.org")
    link = office.post(f"/api/v1/users/{user.id}/link").json()["link"]
    office.patch(f"/api/v1/users/{user.id}", json={"email": "right@example.org"})
    assert client.get(link.removeprefix(settings.app_origin)).status_code == 410
    message = mail_to(session, "right@example.org")[0]
    fresh = mailed_link(settings, message)
    assert client.get(fresh.removeprefix(settings.app_origin)).status_code == 200


def test_deleting_shuts_out_at_once_and_restoring_lets_in_again(
    office: TestClient, client: TestClient, session: Session, student: User, signed_in: SignedIn
) -> None:
    browser = signed_in(student)
    ApiTokenFactory(session=session, user_id=student.id, secret="aada_deleted")
    session.commit()
    assert office.post(f"/people/{student.id}/delete").status_code == 303
    assert browser.get("/api/v1/me").status_code == 401
    bearer = {"Authorization": "Bearer aada_deleted"}
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    assert post_sign_in(client, student.email).status_code == 422
    assert student.email not in emails(office.get("/api/v1/users"))
    assert student.email in office.get("/people/deleted").text
    assert office.post(f"/people/{student.id}/delete").status_code == 404
    assert office.post(f"/people/{student.id}/edit", data=NEW).status_code == 404
    assert office.post(f"/people/{student.id}/link").status_code == 404
    assert "Restore" in office.get(f"/people/{student.id}/edit").text
    assert office.post(f"/people/{student.id}/restore").status_code == 303
    assert office.post(f"/people/{student.id}/restore").status_code == 404
    # What was ended stays ended; the password is as it was.
    assert browser.get("/api/v1/me").status_code == 401
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    assert post_sign_in(client, student.email).status_code == 303
    assert {"user.deleted", "user.restored"} <= set(actions(session))


def test_the_last_administrator_stays(
    office: TestClient, session: Session, admin: User, make_user: Make
) -> None:
    make_user(role=Role.ADMIN, hashed_password=passwords.NO_PASSWORD)
    refused = office.post(f"/people/{admin.id}/delete")
    assert refused.status_code == 409
    assert "last administrator" in refused.text
    keep = {"full_name": admin.full_name, "email": admin.email}
    demoted = office.post(f"/people/{admin.id}/edit", data=keep | {"role": "student"})
    assert demoted.status_code == 409
    assert office.patch(f"/api/v1/users/{admin.id}", json={"role": "student"}).status_code == 409
    session.refresh(admin)
    assert (admin.role, admin.deleted_at) == (Role.ADMIN, None)
    make_user(role=Role.ADMIN)
    assert office.patch(f"/api/v1/users/{admin.id}", json={"role": "student"}).status_code == 200


@pytest.fixture
def pair(live_database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    """Two administrators who count the others at the same moment, in transactions of their own."""
    with live_database.begin() as session:
        users = [UserFactory(session=session, role=Role.ADMIN) for _ in range(2)]
    counting = Barrier(2, timeout=10)
    other_admins = queries.other_admins

    def count_together(session: Session, user_id: int) -> Sequence[int]:
        counting.wait()
        return other_admins(session, user_id)

    monkeypatch.setattr(queries, "other_admins", count_together)
    return [Subject(user.id, user.email, user.full_name, user.role) for user in users]


def test_two_administrators_who_delete_each_other_leave_one(
    live_database: Database, pair: list[Subject]
) -> None:
    """Each had locked the other before they locked everybody: a deadlock, when the two came together closely."""

    def delete(index: int) -> bool:
        try:
            with live_database.begin() as session:
                service.delete_person(session, pair[index], pair[1 - index].user_id)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(delete, (0, 1))) == [False, True]


def test_two_administrators_who_demote_each_other_leave_one(
    live_database: Database, pair: list[Subject], settings: Settings
) -> None:
    def demote(index: int) -> bool:
        try:
            with live_database.begin() as session:
                service.update_person(
                    session, pair[index], settings, pair[1 - index].user_id, role=Role.INSTRUCTOR
                )
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, (0, 1))) == [False, True]


def with_mail_server(office: TestClient, settings: Settings) -> None:
    office.app.state.settings = settings.model_copy(update={"smtp_url": "smtp://localhost:9"})  # type: ignore[attr-defined]


def test_an_administrator_starts_a_reset_and_never_sees_its_link(
    office: TestClient, client: TestClient, session: Session, settings: Settings, student: User, admin: User
) -> None:
    with_mail_server(office, settings)
    page = office.post(f"/people/{student.id}/link")
    assert page.status_code == 200
    message = mail_to(session, student.email)[0]
    link = mailed_link(settings, message)
    assert message.requested_by == admin.id
    answer = office.post(f"/api/v1/users/{student.id}/link")
    assert (answer.status_code, answer.json()["link"]) == (201, None)
    everything = [
        page,
        answer,
        office.get("/outbox"),
        office.get(f"/outbox/{message.id}"),
        office.get("/audit"),
    ]
    everything.append(office.get("/outbox?format=csv"))
    for shown in everything:
        assert link.rsplit("/", 1)[1] not in shown.text
        assert "/set-password/" not in shown.text
    assert "Ada Office" in office.get(f"/outbox/{message.id}").text
    assert "account_link.reset_made" in actions(session)
    assert post_sign_in(client, student.email).status_code == 303


def test_with_a_mail_server_an_invitation_is_not_shown_either(
    office: TestClient, session: Session, settings: Settings
) -> None:
    with_mail_server(office, settings)
    assert "/set-password/" not in office.post("/people/new", data=NEW).text
    answer = office.post("/api/v1/users", json=NEW | {"email": "another@example.org"})
    assert answer.json()["link"] is None


def test_without_a_mail_server_a_reset_is_the_operators(
    office: TestClient, client: TestClient, session: Session, student: User
) -> None:
    refused = office.post(f"/people/{student.id}/link")
    assert refused.status_code == 409
    assert f"aada user link {student.email}" in refused.text
    assert mail_to(session, student.email) == []
    assert office.post(f"/api/v1/users/{student.id}/link").status_code == 409


@pytest.mark.parametrize(
    "path", ["/", "/people", "/people/new", "/people/deleted", "/people/1/edit", "/account"]
)
def test_without_signing_in_every_page_leads_to_the_form(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (303, 404)
    if answer.status_code == 303:
        assert answer.headers["location"].startswith("/sign-in")


def test_the_api_describes_itself(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    for path in (
        "/api/v1/session",
        "/api/v1/users",
        "/api/v1/users/{user_id}",
        "/api/v1/tokens",
        "/api/v1/me",
    ):
        assert all(operation["summary"] for operation in document["paths"][path].values())
